#!/usr/bin/env bash
# Run the tests: deploy/test.sh [pytest arguments]. Sets up what they need. Two processes share them; -n 0 takes one.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$here/deploy/lib.sh"
cd "$here"

missing=()
need() { command -v "$1" >/dev/null 2>&1 || [ -n "$(ls -d $3 2>/dev/null)" ] || missing+=("$2"); }
need initdb postgresql '/usr/lib/postgresql/*/bin'
need redis-server redis-server /nonexistent
need chromium chromium /nonexistent
need bwrap bubblewrap /nonexistent
python=$(find_python)
"$python" -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
if [ ${#missing[@]} -gt 0 ]; then
    [ "$(id -u)" = 0 ] || fail "The tests need Debian's packages: ${missing[*]}. Install them, or run this as root."
    say "  installing ${missing[*]}"
    apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >&2
fi

make_venv core ml demo dev data
export PYTHONDONTWRITEBYTECODE=1
two=(-n "${FORMULARY_TEST_PROCESSES:-2}" --dist loadfile)
.venv/bin/python -m pytest "${two[@]}" "$@"
# The main journeys once more on what a machine without any server runs.
if [ $# -eq 0 ]; then .venv/bin/python -m pytest "${two[@]}" --embedded -m embedded; fi
