"""The acceptance cases that each demonstration model brings: invented people, among them edges, and what the model told of them."""

import json
from pathlib import Path

from portal.compute.runtime import facts, worker

_EDGE = "The ends of what the form allows: nothing may overflow or turn round."
_SHARES = ("probability", "lower", "upper")
_GRADES = ("none", "some", "more")
_ADMISSION = {
    "age": 64, "male": 1.0, "visits_12m": 3, "heart_failure": 0.0, "diabetes": 1.0, "copd": 0.0, "bmi": 27.5, "sbp": 134,
    "creatinine": 1.0, "hba1c": 6.9, "cholesterol": 190, "haemoglobin": 14.1,
}  # fmt: skip
_MEASURED = ("bmi", "sbp", "creatinine", "hba1c", "cholesterol", "haemoglobin")
_LOWEST = {"bmi": 8, "sbp": 40, "creatinine": 0.1, "hba1c": 2, "cholesterol": 40, "haemoglobin": 2}
_HIGHEST = {"bmi": 100, "sbp": 300, "creatinine": 30, "hba1c": 20, "cholesterol": 1000, "haemoglobin": 25}
_HEART = {
    "age": 57, "sex": "male", "cp": "asymptomatic", "trestbps": 138, "chol": 241, "fbs": "false", "restecg": "normal",
    "thalch": 128, "exang": "true", "oldpeak": 1.8,
}  # fmt: skip
_PROGRESSION = {"bmi": 26.4, "map": 95, "hdl": 48, "triglycerides": 102, "glucose": 91}
_BREAST = {
    "age": 54, "menostat": "Post", "tsize": 25, "tgrade": "II", "pnodes": 3, "progrec": 60, "estrec": 70, "horTh": "yes",
}  # fmt: skip


def _without(row: dict, *names: str) -> dict:
    return {name: value for name, value in row.items() if name not in names}


_HEARTS = [
    ("A man of 57 with exercise angina", "The usual patient of its data.", _HEART),
    ("A woman of 41 with atypical pain", "The other end of the answers, and the other sex.",
     _HEART | {"age": 41, "sex": "female", "cp": "atypical angina", "exang": "false", "oldpeak": 0.0, "thalch": 172}),
    ("Everything that may be missing is missing", "A gap must move the answer neither way.", _without(_HEART, "chol", "fbs", "exang")),
    ("Typical angina at 70, with hypertrophy", "Answers that the other cases do not give.",
     _HEART | {"age": 70, "cp": "typical angina", "restecg": "lv hypertrophy", "fbs": "true"}),
    ("The lowest values of the form", _EDGE, _HEART | {"age": 18, "trestbps": 40, "chol": 50, "thalch": 40, "oldpeak": -5}),
    ("The highest values of the form", _EDGE, _HEART | {"age": 110, "trestbps": 300, "chol": 1000, "thalch": 250, "oldpeak": 10}),
]  # fmt: skip
# For each model the columns that are compared, the tolerance, and the people.
CASES: dict[str, tuple[tuple[str, ...], dict, list[tuple[str, str, dict]]]] = {
    "unplanned-admission": (_SHARES, {"absolute": 1e-6}, [
        ("A man of 64 with diabetes", "The usual patient of its data.", _ADMISSION),
        ("A woman of 30 who is well", "The low end of the answers.",
         _ADMISSION | {"age": 30, "male": 0.0, "visits_12m": 0, "diabetes": 0.0, "hba1c": 5.2, "creatinine": 0.8}),
        ("Nothing was ever measured", "All gaps at once: the model must answer from the rest.", _without(_ADMISSION, *_MEASURED)),
        ("Sex not recorded, 88, three illnesses", "The high end, and the answer between the sexes.",
         _ADMISSION | {"age": 88, "male": 0.5, "heart_failure": 1.0, "copd": 1.0, "visits_12m": 14}),
        ("The lowest values of the form", _EDGE, _ADMISSION | {"age": 0, "visits_12m": 0, **_LOWEST}),
        ("The highest values of the form", _EDGE, _ADMISSION | {"age": 120, "visits_12m": 400, **_HIGHEST}),
    ]),
    "coronary-disease": (_SHARES, {"absolute": 1e-6}, _HEARTS),
    "coronary-extent": (_GRADES, {"absolute": 1e-6}, _HEARTS),
    "diabetes-progression": (("score", "lower", "upper"), {"relative": 1e-6}, [
        ("Somebody in the middle of its data", "The usual patient.", _PROGRESSION),
        ("High body mass index and triglycerides", "The high end of what is usual.",
         {"bmi": 38, "map": 118, "hdl": 31, "triglycerides": 320, "glucose": 122}),
        ("No laboratory values", "All gaps at once.", _without(_PROGRESSION, "hdl", "triglycerides", "glucose")),
        ("The lowest values of the form", _EDGE, {"bmi": 8, "map": 30, "hdl": 5, "triglycerides": 10, "glucose": 20}),
        ("The highest values of the form", _EDGE, {"bmi": 100, "map": 200, "hdl": 200, "triglycerides": 5000, "glucose": 1500}),
    ]),
    "breast-cancer-recurrence": (("survival_1y", "survival_3y", "survival_5y"), {"absolute": 1e-6}, [
        ("54 years, 25 mm, grade II, three nodes", "The usual patient of its data.", _BREAST),
        ("Before menopause, small tumour, grade I", "The good end of the answers.",
         _BREAST | {"age": 38, "menostat": "Pre", "tsize": 12, "tgrade": "I", "pnodes": 1, "horTh": "no"}),
        ("Grade III, twenty nodes, no receptors", "The bad end, and receptors of zero.",
         _BREAST | {"tsize": 60, "tgrade": "III", "pnodes": 20, "progrec": 0, "estrec": 0}),
        ("The lowest values of the form", _EDGE, _BREAST | {"age": 18, "tsize": 1, "pnodes": 1, "progrec": 0, "estrec": 0}),
        ("The highest values of the form", _EDGE, _BREAST | {"age": 110, "tsize": 250, "pnodes": 80, "progrec": 5000, "estrec": 5000}),
    ]),
    "irregular-rhythm": (("probability", "rate", "beats", "abstain"), {"absolute": 1e-6}, [
        ("A regular simulated heart", "The usual tracing.", {"irregular": False, "seed": 101}),
        ("An irregular simulated heart", "What the model is for.", {"irregular": True, "seed": 102}),
    ]),
}  # fmt: skip


def write(slug: str, folder: Path) -> None:
    """Ask the trained model in a folder for what it tells of each, and write both down beside it."""
    if slug not in CASES:
        return
    columns, tolerance, people = CASES[slug]
    found = facts.inspect_model(folder)
    asked = [(given["name"], given["type"]) for given in found.columns]
    tracings = found.overlay["inputs"].get("ecg")
    made = [_tracing(folder, place, row) if tracings else (row, row) for place, (_, _, row) in enumerate(people, 1)]
    model = worker.ENGINES[found.engine]({"folder": str(folder), "casts": worker._sibling("casts")})
    cases = [
        {"name": name, "why": why, "inputs": inputs, "expected": _told(model([row], asked, {}), columns, tolerance)}
        for (name, why, _), (inputs, row) in zip(people, made, strict=True)
    ]
    (folder / "acceptance.json").write_text(json.dumps({"cases": cases}, indent=1, ensure_ascii=False))


def _told(answer: dict[str, list], columns: tuple[str, ...], tolerance: dict) -> dict:
    values = {column: answer[column][0] for column in columns}
    return {
        column: {"value": value, **(tolerance if isinstance(value, int | float) else {})}
        for column, value in values.items()
    }


def _tracing(folder: Path, place: int, wanted: dict) -> tuple[dict, dict]:
    """A simulated ECG as a DICOM file in the model's folder: how a case names it, and the lead as it will be read from it."""
    from portal.demo.training import cart

    file = folder / "acceptance" / f"ecg-{place}.dcm"
    file.parent.mkdir(exist_ok=True)
    leads = cart.simulated(irregular=wanted["irregular"], seed=wanted["seed"])
    cart.dataset(leads).save_as(file, enforce_file_format=True)
    return {"ecg": {"file": f"acceptance/{file.name}"}}, {"ecg": _read(file)}


def _read(file: Path) -> list[float]:
    from portal.datasets.runtime import ecg
    from portal.registry.spec import TRACING

    with file.open("rb") as source:
        return ecg.read(source, ecg.Wanted(**TRACING))["samples"]
