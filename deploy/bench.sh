#!/usr/bin/env bash
# Measure us, the peer and the limit in one run: deploy/bench.sh [P1 … P9] [--json]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$here/deploy/lib.sh"
cd "$here"
make_venv core ml demo dev data
exec .venv/bin/python -m tests.benchmarks "$@"
