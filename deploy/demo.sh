#!/usr/bin/env bash
# Set up and run a demonstration: deploy/demo.sh [--port N] [--data DIR] [--fhir DIR] [--as-of DATE] [--once]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$here/deploy/lib.sh"

data=${FORMULARY_DATA:-$here/.formulary}
arguments=()
while [ $# -gt 0 ]; do
    case "$1" in
        --data) [ $# -gt 1 ] || fail "--data takes a folder."; data=$2; shift 2 ;;
        --data=*) data=${1#--data=}; shift ;;
        --fhir) [ $# -gt 1 ] || fail "--fhir takes a folder."; arguments+=(--fhir "$(realpath -- "$2")"); shift 2 ;;
        --fhir=*) arguments+=(--fhir "$(realpath -- "${1#--fhir=}")"); shift ;;
        -h | --help) say "deploy/demo.sh [--port N] [--data DIR] [--fhir DIR] [--as-of DATE] [--once]"; exit 0 ;;
        *) arguments+=("$1"); shift ;;
    esac
done

mkdir -p -m 700 -- "$data" 2>/dev/null || fail "The data folder $data cannot be made: is the disk full, or the place read-only?"
data=$(realpath -- "$data")
if ! head -c 1048576 /dev/zero >"$data/.probe" 2>/dev/null; then
    rm -f "$data/.probe" 2>/dev/null || true
    fail "The data folder $data cannot be written: is the disk full, or the place read-only?"
fi
rm -f "$data/.probe"

cd "$here"
# In a process group of its own, so that a signal at this moment ends pip and what it started as well.
setup=
stop() { [ -z "$setup" ] || kill -TERM -- "-$setup" 2>/dev/null || true; exit "$1"; }
trap 'stop 143' TERM
trap 'stop 130' INT
set -m
(make_venv core ml demo data) &
setup=$!
wait "$setup"
trap - TERM INT
set +m
export FORMULARY_DATA=$data FORMULARY_MODE=embedded
exec .venv/bin/python manage.py demo ${arguments[@]+"${arguments[@]}"}
