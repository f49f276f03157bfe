"""`python -m portal.demo.training --tracking-uri URI --out DIR`: train them all; DIR/models.json says where they are."""

import argparse
import json
import logging
import sys
import time
import warnings
from pathlib import Path

from portal.demo.training import coronary, extent, progression, recurrence, rhythm, unplanned

MODELS = (unplanned, coronary, extent, progression, recurrence, rhythm)


def main() -> None:
    """Train each model; one progress line each on standard error."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tracking-uri", required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    # The libraries warn about what is meant here; a person watching the set-up needs one line a model.
    warnings.showwarning = lambda *_, **__: None
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    found = {}
    for module in MODELS:
        began = time.monotonic()
        found[module.SLUG], said = module.train(uri=given.tracking_uri, out=given.out)
        print(f"{module.SLUG}: {said} ({time.monotonic() - began:.1f} s)", file=sys.stderr, flush=True)
    (given.out / "models.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
