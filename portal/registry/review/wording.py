"""The sentence that sums up what is other in one part of a version."""

_ONE = {
    "inputs": ("input", "inputs"), "overlay": ("entry of the form", "entries of the form"), "files": ("file", "files"),
    "metrics": ("measure of the source run", "measures of the source run"),
    "environment": ("part of the environment", "parts of the environment"), "scope": ("limit of use", "limits of use"),
    "figures": ("figure on the same rows", "figures on the same rows"),
}  # fmt: skip
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_MOST = 4


def sentence(key: str, title: str, changes) -> str:
    """What is new, gone and changed, with names as long as they are few; empty when nothing is."""
    one, many = _ONE.get(key, (f"entry under “{title}”", f"entries under “{title}”"))
    by_kind = {kind: [change for change in changes if change.kind == kind] for kind in ("new", "gone", "changed")}
    said = [_said(found, kind, one, many) for kind, found in by_kind.items() if found]
    return " ".join(said)


def _said(found: list, kind: str, one: str, many: str) -> str:
    count = len(found)
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    verb = {"new": "new", "gone": "gone", "changed": "other than before"}[kind]
    start = f"{number.capitalize()} {one if count == 1 else many} {'is' if count == 1 else 'are'} {verb}"
    return f"{start}: {', '.join(_named(change) for change in found)}." if count <= _MOST else f"{start}."


def _named(change) -> str:
    short = change.kind == "changed" and len(change.before) + len(change.after) <= 40
    return f"{change.what} ({change.before} → {change.after})" if short else change.what
