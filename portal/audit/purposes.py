"""Purpose of use (HL7 v3 ActReason) of what nobody named one for: by the door it came through, else by its verb."""

TREATMENT, RESEARCH, OPERATIONS, ADMINISTRATION = "TREAT", "HRESCH", "HOPERAT", "HSYSADMIN"
# What is done with the invented patients of the practice ward.
TEST = "HTEST"
WORDS = {
    "TREAT": "treatment",
    "ETREAT": "emergency treatment",
    "BTG": "break the glass",
    "HRESCH": "research",
    "HOPERAT": "healthcare operations",
    "HSYSADMIN": "administration of the system",
    "HQUALIMP": "quality improvement",
    "HCOMPL": "compliance",
    "HLEGAL": "legal proceedings",
    "PATRQT": "the patient asked",
    "HTEST": "test",
}
EXPORT = ("HCOMPL", "HOPERAT", "HLEGAL", "PATRQT")
_DOORS = (
    ("/api/v1/patients/", TREATMENT),
    ("/api/v1/predictions/", TREATMENT),
    ("/api/v1/batches/", TREATMENT),
    ("/api/v1/models/", RESEARCH),
    ("/api/v1/experiments/", RESEARCH),
    ("/api/v1/runs/", RESEARCH),
    ("/api/v1/datasets/", RESEARCH),
    ("/api/v1/summaries/", RESEARCH),
    ("/api/v1/audit/", OPERATIONS),
    ("/api/v1/approvals/", OPERATIONS),
    ("/clinic/", TREATMENT),
    ("/cds-services", TREATMENT),
    ("/fhir/", TREATMENT),
    ("/lab/", RESEARCH),
    ("/mlflow/", RESEARCH),
    ("/oversight/", OPERATIONS),
)
_VERBS = {
    "audit": OPERATIONS,
    "case": OPERATIONS,
    "dataset": RESEARCH,
    "model": OPERATIONS,
    "patient": TREATMENT,
    "prediction": TREATMENT,
    "record": TREATMENT,
    "study": RESEARCH,
    "summary": RESEARCH,
}


def of_path(path: str) -> str:
    """The purpose of a door; administration for those that lead to no patient."""
    return next((purpose for door, purpose in _DOORS if path.startswith(door)), ADMINISTRATION)


def of_verb(verb: str) -> str:
    """The purpose of a verb that no door was used for: a worker's, a command's."""
    return _VERBS.get(verb.partition(".")[0], ADMINISTRATION)
