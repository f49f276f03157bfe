"""What of an evaluation may be told: metrics overall and by group, nothing that rests on fewer than eleven rows.

An order has `kind` (risk, number, survival, classes), columns of numbers, `thresholds`, and `groups` (a title, the code of each row,
the labels of the codes). Counts are told in tens, so that they cannot be set off against the exact ones of a summary.
"""

import numpy

from portal.registry.evidence.runtime import metrics

LEAST, _STEP, _TENTHS = 11, 10, 10


def tell(order: dict) -> dict:
    """The metrics of all rows and of each group, and for risks how often the outcome came in each tenth."""
    columns = {name: numpy.asarray(values, dtype=float) for name, values in order["columns"].items()}
    count = len(next(iter(columns.values())))
    if count < LEAST:
        return {"withheld": "too-few-rows"}
    judge = _JUDGES[order["kind"]]
    found = {"whole": _cell(judge, columns, numpy.ones(count, dtype=bool), order), "groups": []}
    for group in order["groups"]:
        codes = numpy.asarray(group["codes"], dtype=int)
        told = _told([int((codes == code).sum()) for code in range(len(group["labels"]))], int((codes < 0).sum()))
        cells = [
            {"label": label}
            | (_cell(judge, columns, codes == code, order) if told[code] else {"n": None, "metrics": {}})
            for code, label in enumerate(group["labels"])
        ]
        found["groups"].append({"title": group["title"], "cells": cells})
    return found | ({"bins": _bins(columns)} if order["kind"] == "risk" else {})


def _told(counts: list[int], rest: int) -> list[bool]:
    """Which groups are told: those of eleven or more, and so that what is left over is no small number either."""
    told = [count >= LEAST for count in counts]
    while any(told):
        hidden = rest + sum(count for count, shown in zip(counts, told, strict=True) if not shown)
        if hidden == 0 or hidden >= LEAST:
            break
        least = min((count, place) for place, (count, shown) in enumerate(zip(counts, told, strict=True)) if shown)[1]
        told[least] = False
    return told


def _cell(judge, columns: dict, inside, order: dict) -> dict:
    chosen = {name: values[inside] for name, values in columns.items()}
    return {"n": _tens(int(inside.sum())), **judge(chosen, order)}


def _risk(columns: dict, order: dict) -> dict:
    risk, label = columns["risk"], columns["label"] > 0
    ill = int(label.sum())
    found = {"brier": metrics.brier(risk, label)}
    # Who is the only one with the outcome would stand out in each of these.
    if min(ill, len(label) - ill) >= LEAST:
        found |= {"auroc": metrics.auroc(risk, label), "auprc": metrics.auprc(risk, label),
                  "slope": metrics.slope(risk, label), "intercept": metrics.intercept(risk, label)}  # fmt: skip
        found["share"] = metrics.wilson(ill, len(label))
    at = []
    for threshold in order["thresholds"]:
        called = int((risk >= threshold).sum())
        alerts = (
            metrics.alerts(risk, threshold)
            if called == 0 or min(called, len(risk) - called) >= LEAST or called == len(risk)
            else None
        )
        told = metrics.ppv(risk, label, threshold) if called >= LEAST and "share" in found else None
        at.append({"threshold": threshold, "alerts": _rounded(alerts), "ppv": _rounded(told)})
    return {"metrics": _all_rounded(found), "at": at}


def _number(columns: dict, order: dict) -> dict:
    value, truth = columns["value"], columns["label"]
    return {
        "metrics": _all_rounded(
            {"mean_error": metrics.mean_error(value, truth), "explained": metrics.explained(value, truth)}
        )
    }


def _survival(columns: dict, order: dict) -> dict:
    happened = columns["label"] > 0
    if int(happened.sum()) < LEAST:
        return {"metrics": {}}
    found = metrics.concordance(columns["risk"], columns["time"], happened)
    return {"metrics": _all_rounded({"concordance": found})}


def _classes(columns: dict, order: dict) -> dict:
    right = int((columns["value"] == columns["label"]).sum())
    few = min(right, len(columns["value"]) - right) < LEAST
    return {"metrics": {} if few else _all_rounded({"right": metrics.wilson(right, len(columns["value"]))})}


_JUDGES = {"risk": _risk, "number": _number, "survival": _survival, "classes": _classes}


def _bins(columns: dict) -> list[dict]:
    """How often the outcome came in each tenth of the predicted risk; a tenth of fewer than eleven rows is not told."""
    risk, label = columns["risk"], columns["label"] > 0
    tenth = numpy.clip((risk * _TENTHS).astype(int), 0, _TENTHS - 1)
    counts = [int((tenth == place).sum()) for place in range(_TENTHS)]
    shown, found = _told(counts, 0), []
    for place in range(_TENTHS):
        one = {"label": f"{place * 10} to {place * 10 + 10} %", "told": shown[place] and counts[place] > 0}
        if one["told"]:
            inside = tenth == place
            value, low, high = _rounded(metrics.wilson(int(label[inside].sum()), counts[place]))
            one |= {"n": _tens(counts[place]), "value": value, "low": low, "high": high,
                    "predicted": _short(float(risk[inside].mean()))}  # fmt: skip
        found.append(one)
    return found


def _tens(count: int) -> int:
    return round(count / _STEP) * _STEP


def _all_rounded(found: dict) -> dict:
    return {name: _rounded(value) for name, value in found.items() if value is not None}


def _rounded(found):
    return None if found is None else [None if part is None else _short(part) for part in found]


def _short(number: float) -> float:
    # Three digits after the point for shares, three in all for larger numbers: more would not be believed anyway.
    return float(f"{number:.3g}") if abs(number) >= 1 else round(float(number), 3)
