"""What the metrics of an evaluation are called, and their values as people read them."""

from portal.core import shares

# Code, what it is called, and what is right; none where more is simply better.
METRICS = (
    ("auroc", "Tells apart (AUROC)", "0.5 is chance, 1 is perfect"),
    ("auprc", "Precision over recall (AUPRC)", "chance is the share with the outcome"),
    ("brier", "Squared error (Brier)", "0 is perfect"),
    ("slope", "Calibration slope", "1 is right; below 1 the risks are too extreme"),
    ("intercept", "Calibration intercept", "0 is right; below 0 the risks are too high"),
    ("share", "Share with the outcome", ""),
    ("mean_error", "Mean absolute error", "0 is perfect"),
    ("explained", "Explained variance (R²)", "1 is perfect, 0 is no better than the mean"),
    ("concordance", "Concordance (Harrell's C)", "0.5 is chance, 1 is perfect"),
    ("right", "Share whose likeliest class was right", ""),
)
CALLS, RIGHT_CALLS = "Calls of 100, at {}", "Of 100 called, had it, at {}"
TOO_FEW = "too few"
_SHARES = {"share", "right"}


def said(code: str, found, *, of_100: bool = False) -> tuple[str, str]:
    """A value and its interval in words; the interval is empty where there is none."""
    if not found:
        return TOO_FEW, ""
    value, low, high = (None if part is None else _words(code, part, of_100) for part in found)
    return value, f"{low} to {high}" if low is not None else ""


def lines(answer: dict) -> dict[str, str]:
    """All that an evaluation tells of all rows and of each group, by name, each value with its interval."""
    found = _lines(answer["whole"], "")
    for group in answer["groups"]:
        for cell in group["cells"]:
            found |= _lines(cell, f"{group['title']}: {cell['label']}, ")
    return found


def _lines(cell: dict, before: str) -> dict[str, str]:
    found = {
        f"{before}{name}": said(code, cell["metrics"].get(code)) for code, name, _ in METRICS if code in cell["metrics"]
    }
    for one in cell.get("at", ()):
        threshold = shares.percent(one["threshold"])
        found[before + CALLS.format(threshold)] = said("share", one["alerts"], of_100=True)
        found[before + RIGHT_CALLS.format(threshold)] = said("share", one["ppv"], of_100=True)
    return {name: f"{value} ({interval})" if interval else value for name, (value, interval) in found.items()}


def _words(code: str, part: float, of_100: bool) -> str:
    if of_100:
        return f"{part * 100:.0f}"
    return shares.percent(part) if code in _SHARES else f"{part:.3g}"
