"""An evaluation in words and rows: what each metric is called, and its value with its interval as people read it."""

from dataclasses import dataclass

from portal.core import shares
from portal.registry.evidence import figures


@dataclass(frozen=True)
class Bin:
    """A tenth of the predicted risk, as the picture draws it; only where it is told are there numbers."""

    label: str
    told: bool
    n: int = 0
    value: float = 0
    low: float = 0
    high: float = 0
    predicted: float | None = None


def of(answer: dict) -> dict:
    """The sentence, the columns that any cell has, a row for all and one for each group, and the bins of the picture."""
    cells = [answer["whole"], *(cell for group in answer["groups"] for cell in group["cells"])]
    heads = [metric for metric in figures.METRICS if any(metric[0] in cell["metrics"] for cell in cells)]
    at = [one["threshold"] for one in answer["whole"].get("at", ())]
    rows = [("All rows", answer["whole"])]
    rows += [(f"{group['title']}: {cell['label']}", cell) for group in answer["groups"] for cell in group["cells"]]
    return {
        "sentence": _sentence(answer), "heads": heads, "thresholds": [shares.percent(one) for one in at],
        "rows": [_row(title, cell, heads, len(at)) for title, cell in rows], "bins": [Bin(**one) for one in answer.get("bins", ())],
        "overlap": _overlap(answer["overlap"]), "both": bool(answer["overlap"]) and not answer["overlap"]["none"],
        "left_out": answer["left_out"], "notes": [(name, note) for _, name, note in heads if note],
    }  # fmt: skip


def _row(title: str, cell: dict, heads, thresholds: int) -> dict:
    """One line of the table; a group of fewer than eleven rows says so once."""
    if cell["n"] is None:
        return {"title": title, "hidden": True, "span": 1 + len(heads) + 2 * thresholds}
    values = [_value(code, cell["metrics"].get(code)) for code, *_ in heads]
    for one in cell.get("at", ()):
        values += [_value("share", one["alerts"], of_100=True), _value("share", one["ppv"], of_100=True)]
    return {"title": title, "n": cell["n"], "values": values}


def _value(code: str, found, *, of_100: bool = False) -> dict:
    text, interval = figures.said(code, found, of_100=of_100)
    return {"text": text, "interval": interval, "few": not found}


def _sentence(answer: dict) -> str:
    whole, count = answer["whole"]["metrics"], f"{answer['whole']['n']:,}"
    if "auroc" in whole:
        right, came = whole["auroc"][0], whole["share"][0]
        return (
            f"Among about {count} rows of this hospital, {shares.percent(came)} had the outcome. Of two, one with it and one without, the "
            f"model gave the one with it the higher risk {right * 100:.0f} times in 100."
        )
    if "concordance" in whole:
        return f"Among about {count} rows, the one who had the event first had the higher risk {whole['concordance'][0] * 100:.0f} times in 100."
    if "mean_error" in whole:
        return f"Among about {count} rows, the model was off by {whole['mean_error'][0]:.3g} on average."
    if "right" in whole:
        return f"Among about {count} rows, the likeliest class was right {whole['right'][0] * 100:.0f} times in 100."
    return f"About {count} rows: too few with or without the outcome to say how well the model tells them apart."


def _overlap(found: dict | None) -> str:
    if found is None:
        return "Whether some of these patients were also among the training rows is not known: nobody named the rows it was trained on."
    if found["none"]:
        return "None of these patients is among the rows that it was trained on."
    count = "Some" if found["count"] is None else f"About {found['count']:,}"
    return f"{count} of these patients are also among the rows that it was trained on. The numbers below are too good: this is a fault."
