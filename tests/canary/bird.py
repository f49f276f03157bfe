"""The canary: a patient whose every text is found nowhere else, as FHIR; and the search for it on a disk."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from portal.demo.hospital import write_hospital

IDENTIFIERS = {
    "family": "Zqfamilybird",
    "given": "Zqgivenbird",
    "prefix": "Zqprefixbird",
    "mrn": "ZQMRN-70707-BIRD",
    "line": "Zqstreetbird 17",
    "city": "Zqcitybird",
    "phone": "+00-7070-BIRD",
    "born": "1937-11-23",
}
CLINICAL = {
    "problem": "Zqproblembird of the left wing",
    "drug": "Zqdrugbird 5 mg",
    "stay": "Zqstaybird visit",
    "measured": "Zqmeasuredbird sings",
    "answer": "zqanswerbird seven",
    "narrative": "Zqnarrativebird",
    "note": "Zqnotebird",
}
TYPED = {"username": "zqtypednamebird", "search": "Zqsearchbird", "address": "zqaddressbird", "key": "Zqkeybird",
         "body": "Zqbodybird", "member": "zqmemberbird", "reason": "Zqreasonbird needed at once"}  # fmt: skip
# What stands in a dataset's rows, in its heading, and in files that are no table.
TABLE = {"kin": "Zqkinbird", "cell": "Zqcellbird", "rare": "zqrarebird ward", "heading": "zqheadingbird",
         "odd": "Zqoddbird", "binary": "Zqbinarybird", "number": "70707.25", "extreme": "707070707"}  # fmt: skip
# Whom the header of an ECG file names that was sent for the canary, and what else stands in it.
STRANGER = {"stranger": "Zqstrangerbird", "stranger's number": "ZQMRN-STRANGER", "private": "Zqprivatebird"}
EVERY = {**IDENTIFIERS, **CLINICAL, **TYPED, **TABLE, **STRANGER}
ID = "c0ffee00-0000-4000-8000-00000000b1bd"


def write(folder: Path, as_of) -> None:
    """An invented hospital with the canary on its first ward."""
    write_hospital(folder, as_of=as_of, patients=6)
    (folder / "canary.json").write_text(json.dumps(_bundle()))


def _bundle() -> dict:
    subject = {"subject": {"reference": f"urn:uuid:{ID}"}, "note": [{"text": CLINICAL["note"]}]}
    resources = [
        {
            "resourceType": "Patient", "id": ID, "text": {"status": "generated", "div": CLINICAL["narrative"]},
            "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": IDENTIFIERS["mrn"]}],
            "name": [{"use": "official", "family": IDENTIFIERS["family"], "given": [IDENTIFIERS["given"]],
                      "prefix": [IDENTIFIERS["prefix"]]}],
            "address": [{"line": [IDENTIFIERS["line"]], "city": IDENTIFIERS["city"]}],
            "telecom": [{"system": "phone", "value": IDENTIFIERS["phone"]}],
            "gender": "female", "birthDate": IDENTIFIERS["born"],
        },
        {
            "resourceType": "Encounter", "id": "c-1", "status": "in-progress", "class": {"code": "IMP"}, **subject,
            "type": [{"text": CLINICAL["stay"]}], "period": {"start": "2026-11-07T08:00:00+00:00"},
            "location": [{"location": {"reference": "Location/ward-cardiology"}}],
        },
        {"resourceType": "Condition", "id": "c-2", "code": {"text": CLINICAL["problem"]}, **subject},
        {
            "resourceType": "MedicationRequest", "id": "c-3", "status": "active", "intent": "order", **subject,
            "medicationCodeableConcept": {"text": CLINICAL["drug"]},
        },
        {
            "resourceType": "Observation", "id": "c-4", "status": "final", **subject,
            "code": {"text": CLINICAL["measured"]}, "valueString": CLINICAL["answer"],
            "effectiveDateTime": "2026-11-07T09:00:00+00:00",
        },
    ]  # fmt: skip
    entries = [
        {"fullUrl": f"urn:uuid:{item['id']}" if item["id"] == ID else f"urn:c:{item['id']}", "resource": item}
        for item in resources
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def table() -> bytes:
    """A table of a hundred people in which each text of the canary is in few rows."""
    lines = ["kin,ward,finding,weight,income"]
    for number in range(100):
        ward = TABLE["rare"] if number < 4 else ("north", "south")[number % 2]
        weight = TABLE["number"] if number == 50 else 50 + number % 40
        income = TABLE["extreme"] if number == 60 else 1000 + number
        finding = TABLE["cell"] if number == 70 else ("clear", "shadow")[number % 3 == 0]
        lines.append(f"{TABLE['kin']} {number},{ward},{finding},{weight},{income}")
    return "\n".join(lines).encode()


def ecg(*, stranger: bool) -> bytes:
    """An ECG of the canary, or of somebody else whose file came into the wrong hands."""
    from tests.signals import files

    def change(dataset):
        dataset.private_block(0x0011, "cart", create=True).add_new(0x01, "LO", STRANGER["private"])

    name = STRANGER["stranger"] if stranger else IDENTIFIERS["family"]
    number = STRANGER["stranger's number"] if stranger else IDENTIFIERS["mrn"]
    header = {"name": f"{name}^{IDENTIFIERS['given']}", "number": number, "born": IDENTIFIERS["born"]}
    return files.ecg(**header, change=change)


def without_heading() -> bytes:
    """A table whose first line is somebody's row."""
    return b"\n".join(f"{TABLE['heading']} {number},{number % 7}".encode() for number in range(40))


@dataclass(frozen=True)
class Sighting:
    """Where a canary's text was found."""

    place: str
    which: str


def sightings(place: str, content: bytes, texts=EVERY) -> list[Sighting]:
    """Each text found in some bytes: in any case, and as JSON, URLs, UTF-16 or base64 would carry it."""
    folded = content.lower()
    return [Sighting(place, which) for which, text in texts.items() if any(form in folded for form in _forms(text))]


def on_disk(folder: Path, texts=EVERY) -> list[Sighting]:
    """Each text found in any file under a folder, by the file's name as well."""
    found = []
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).as_posix()
        found += sightings(f"name of {place}", place.encode(), texts)
        if path.is_file() and not path.is_symlink():
            found += sightings(place, path.read_bytes(), texts)
    return found


def _forms(text: str) -> set[bytes]:
    plain = text.encode()
    whole = {plain, quote(text).encode(), quote(text, safe="").encode(), json.dumps(text)[1:-1].encode()}
    whole |= {text.encode("utf-16-le"), text.replace(" ", "+").encode()}
    return {form.lower() for form in whole} | {form.lower() for form in _in_base64(plain)}


def _in_base64(plain: bytes) -> set[bytes]:
    # The same bytes look different at each of three offsets; the ends, which depend on neighbours, are cut off.
    found = set()
    for shift in range(3):
        middle = base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : -4]
        if len(middle) >= 8:
            found |= {middle, middle.replace(b"+", b"-").replace(b"/", b"_")}
    return found
