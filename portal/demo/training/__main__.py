"""`python -m portal.demo.training --tracking-uri URI --out DIR`: train all three, print where they are as JSON."""

import argparse
import json
import sys
import time
from pathlib import Path

from portal.demo.training import coronary, recurrence, unplanned

MODELS = (unplanned, coronary, recurrence)


def main() -> None:
    """Train each model; one progress line each on standard error."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tracking-uri", required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    found = {}
    for module in MODELS:
        began = time.monotonic()
        found[module.SLUG], said = module.train(uri=given.tracking_uri, out=given.out)
        print(f"{module.SLUG}: {said} ({time.monotonic() - began:.1f} s)", file=sys.stderr, flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
