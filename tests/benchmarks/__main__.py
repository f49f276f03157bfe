"""`python -m tests.benchmarks [P1 … P9] [--json]`."""

import json
import subprocess
import sys

from tests.benchmarks import lists, p1, p8

GOALS = {"P1": 0.5, "P2": 0.3, "P3": 0.4, "P4": 1 / 8, "P5": 1 / 15, "P6": 3.0, "P7": 0.25, "P8": 0.8, "P9": 0.9}
BUILT = {"P1": p1.run, "P6": lists.pages, "P7": lists.checks, "P8": p8.run}
RATES = frozenset({"P8"})


def main() -> None:
    """Run what was asked for; exit 0 even when a goal is not met."""
    as_json = "--json" in sys.argv
    asked = [word for word in sys.argv[1:] if not word.startswith("-")] or list(GOALS)
    unknown = [word for word in asked if word not in GOALS]
    if unknown:
        sys.exit(f"No such benchmark: {', '.join(unknown)}. There are {', '.join(GOALS)}.")
    if "--alone" in sys.argv:
        print(json.dumps(_measure(asked[0])))
        return
    found = {name: _apart(name) for name in asked}
    if as_json:
        print(json.dumps({name: _row(found[name]) for name in asked}))
        return
    for name in asked:
        print(f"{name}: {_words(found[name])}")
        for line in found[name].get("lines", ()):
            print(f"    {line}")


def _apart(name: str) -> dict:
    """One benchmark in a process of its own: each stage has servers, settings and folders of its own."""
    command = [sys.executable, "-m", "tests.benchmarks", name, "--alone"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _measure(name: str) -> dict:
    empty = {"ours": None, "peer": None, "limit": None, "ratio": None, "goal": GOALS[name], "met": False}
    if name not in BUILT:
        return empty
    row = empty | BUILT[name]()
    reached = row["ratio"] is not None and (
        row["ratio"] >= GOALS[name] if name in RATES else row["ratio"] <= GOALS[name]
    )
    return row | {"met": reached}


def _row(row: dict) -> dict:
    return {name: value for name, value in row.items() if name != "lines"}


def _words(row: dict) -> str:
    if row["ratio"] is None:
        return "not built yet"
    return f"ours {row['ours']} ms, peer {row['peer']} ms, limit {row['limit']} ms: {row['ratio']} × the peer (goal {row['goal']})"


if __name__ == "__main__":
    main()
