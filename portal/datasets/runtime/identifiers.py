"""The eighteen identifiers of 45 CFR 164.514(b)(2)(i), and a guess which of them a column holds; a person confirms it."""

import re

NONE = "none"
KINDS = {
    "names": "Names",
    "geography": "Places smaller than a state",
    "dates": "Dates of a person, and ages over 89",
    "phone": "Telephone numbers",
    "fax": "Fax numbers",
    "email": "E-mail addresses",
    "ssn": "Social security numbers",
    "mrn": "Medical record numbers",
    "health-plan": "Health plan numbers",
    "account": "Account numbers",
    "licence": "Certificate and licence numbers",
    "vehicle": "Vehicle identifiers and plates",
    "device": "Device identifiers and serial numbers",
    "url": "Web addresses",
    "ip": "Internet addresses",
    "biometric": "Biometric identifiers",
    "photo": "Photographs of the face",
    "other": "Any other unique number, code or mark",
}
# What may stay in a limited data set: town, state, postal code and dates (45 CFR 164.514(e)(2)).
LIMITED = frozenset({"geography", "dates"})

_WORDS = (
    ("mrn", r"mrn|medical_?rec|record_?n|chart_?n|hospital_?n"),
    ("ssn", r"ssn|social_?sec|national_?(id|ins)|nhs_?n|ahv"),
    ("health-plan", r"insur|beneficiar|member_?(id|n)|plan_?(id|n)|policy_?(id|n)"),
    ("email", r"e_?mail"),
    ("fax", r"fax"),
    ("phone", r"phone|mobile|tel$|^tel_|cell_?n"),
    ("url", r"url|website|homepage"),
    ("ip", r"^ip$|ip_?addr"),
    ("vehicle", r"vehicle|plate|\bvin\b|^vin$"),
    ("device", r"device|serial|implant_?id|udi"),
    ("licence", r"licen[cs]e|certificate"),
    ("account", r"account|iban|billing_?(id|n)"),
    ("biometric", r"biometric|fingerprint|voice_?print|retina"),
    ("photo", r"photo|image|portrait|face"),
    ("dates", r"date|birth|^dob$|born|death|died|admi(t|ssion)|discharge|_at$|_on$|timestamp"),
    ("geography", r"address|street|city|town|county|zip|post_?code|postal|latitude|longitude|^lat$|^lon$"),
    ("names", r"name|surname|family|given|maiden|kin$|patient$|physician|doctor"),
    ("other", r"(^|_)id$|^id_?|identifier|uuid|guid|accession|specimen|barcode|number$|_no$"),
)
_SHAPES = (
    ("email", re.compile(r"[^@\s]+@[^@\s]+\.\w+$")),
    ("url", re.compile(r"https?://", re.IGNORECASE)),
    ("ip", re.compile(r"\d{1,3}(\.\d{1,3}){3}$")),
    ("ssn", re.compile(r"\d{3}-\d{2}-\d{4}$|756\.\d{4}\.\d{4}\.\d{2}$")),
    ("phone", re.compile(r"\+?[\d\s()/.-]{8,20}$")),
)
_UNIQUE = 0.9


def guess(name: str, kind: str, sample: list, distinct_share: float) -> str:
    """The identifier that a column most likely holds, by its name, then its type and values."""
    word = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()).strip("_")
    for code, pattern in _WORDS:
        if re.search(pattern, word):
            return code
    if kind in ("date", "moment"):
        return "dates"
    texts = [value for value in sample if isinstance(value, str)]
    for code, shape in _SHAPES:
        if texts and sum(bool(shape.match(value)) for value in texts) >= len(texts) / 2:
            return code
    if kind in ("text", "integer") and len(sample) >= 11 and distinct_share > _UNIQUE:
        return "other"
    if word in ("age", "age_years") and any(isinstance(value, int | float) and value > 89 for value in sample):
        return "dates"
    return NONE
