"""The downtime packet: a ward's last results in a file that only the ward's password opens."""

import io
from datetime import date, timedelta

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as some

from portal.access import policy
from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.core import clock, guard, paper
from portal.predictions import actions, downtime, retraction
from portal.predictions.models import DowntimePacket
from portal.records import actions as records
from portal.records.models import CareUnit, Patient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ward(cast, wards, settings, tmp_path) -> str:
    settings.DOWNTIME = tmp_path / "downtime"
    return cast["clinician"].care_relationships.get().care_unit.public_id


def opened(content: bytes, password: str) -> str:
    """The text that a reader of the file sees, and nothing when the password is wrong."""
    with pikepdf.open(io.BytesIO(content), password=password) as pdf:
        assert pdf.is_encrypted
        assert pdf.encryption.R == 6
        words = [word for page in pdf.pages for word in _titles(page)]
    return " ".join(words)


def _titles(page):
    # A tagged PDF repeats the letters of every run of text in its /ActualText or through its font's map.
    fonts = page.resources.get("/Font", {})
    maps = {name: _letters(font) for name, font in fonts.items()}
    letters, current = [], {}
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) == "Tf":
            current = maps[str(operands[0])]
        if str(operator) in ("Tj", "TJ"):
            runs = operands[0] if str(operator) == "TJ" else operands
            raw = b"".join(bytes(run) for run in runs if isinstance(run, pikepdf.String))
            letters.append("".join(current.get(raw[i : i + 2], "") for i in range(0, len(raw), 2)))
    return letters


def _letters(font) -> dict[bytes, str]:
    found, lines = {}, bytes(font["/ToUnicode"].read_bytes()).decode("latin-1").splitlines()
    for line in lines:
        parts = line.replace("<", " ").replace(">", " ").split()
        if len(parts) == 2 and len(parts[0]) == 4 and all(set(part) <= set("0123456789abcdefABCDEF") for part in parts):
            found[bytes.fromhex(parts[0])] = bytes.fromhex(parts[1]).decode("utf-16-be")
    return found


def password_of(ward) -> str:
    with guard.unlocked():
        return DowntimePacket.objects.get(care_unit__public_id=ward).password


def write() -> int:
    return downtime.write_due(by=SYSTEM)


def events(verb):
    with guard.unlocked():
        return list(AuditEvent.objects.filter(verb=verb).values_list("patient", flat=True))


def test_the_file_holds_the_wards_last_results_and_opens_with_its_password_alone(cast, patient, result, ward):
    assert write() == len(units())
    name, content = downtime.take(by=cast["clinician"], on=ward)
    shown = records.open_patient(by=cast["clinician"], on=patient).patient
    text = opened(content, downtime.reveal(by=cast["clinician"], on=ward)).replace(" ", "")

    assert shown.name.replace(" ", "") in text
    assert shown.mrn in text
    assert f"Born{date.fromisoformat(shown.birth_date):%-d%b%Y}," in text
    assert "of100patientslikethisone" in text
    assert shown.mrn.encode() not in content
    with pytest.raises(pikepdf.PasswordError):
        opened(content, "a-guess")
    with pytest.raises(pikepdf.PasswordError):
        opened(content, "")


def units():
    with guard.unlocked():
        return list(CareUnit.objects.all())


def test_another_wards_patients_are_in_no_file_of_this_one(cast, patient, result, ward):
    write()
    other = cast["clinician2"].care_relationships.get().care_unit.public_id
    _, content = downtime.take(by=cast["clinician2"], on=other)
    shown = records.open_patient(by=cast["clinician"], on=patient).patient

    assert shown.mrn not in opened(content, password_of(other))
    for verb in (downtime.take, downtime.reveal):
        with pytest.raises(policy.Denied):
            verb(by=cast["clinician2"], on=ward)
    for person in ("scientist", "reviewer", "admin", "auditor"):
        with pytest.raises(policy.Denied):
            downtime.reveal(by=cast[person], on=ward)


def test_a_retracted_result_leaves_the_file(cast, patient, result, ward, settings):
    write()
    retraction.retract(by=cast["clinician"], on=result, code="wrong-input")
    settings.DOWNTIME_MINUTES = 0.0001
    clock_passes()
    write()
    _, content = downtime.take(by=cast["clinician"], on=ward)

    assert "NopatientofthiswardhasaresulT".lower() in opened(content, password_of(ward)).replace(" ", "").lower()


def clock_passes():
    with guard.unlocked():
        DowntimePacket.objects.update(written_at=clock.now() - timedelta(hours=1))


def test_a_packet_is_written_in_its_rhythm_and_recorded_once_for_each_new_line(cast, patient, result, ward):
    assert write() == len(units())
    assert write() == 0
    assert [name for name in events("downtime.packet-written") if name] == [patient]
    clock_passes()
    write()

    assert [name for name in events("downtime.packet-written") if name] == [patient]


def test_a_packet_follows_a_new_result_and_a_retraction_of_its_ward_alone(
    cast, patient, result, ward, unplanned, worked
):
    assert write() == len(units())
    actions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={})
    assert write() == 0
    worked()
    assert (write(), write()) == (1, 0)
    retraction.retract(by=cast["clinician"], on=result, code="wrong-input")

    assert (write(), write()) == (1, 0)


def test_none_is_written_where_a_hospital_wants_none(cast, result, ward, settings):
    settings.DOWNTIME_MINUTES = 0
    assert write() == 0
    assert not settings.DOWNTIME.exists()


def test_a_folder_that_cannot_be_written_is_tried_again(cast, patient, result, ward, settings, tmp_path):
    settings.DOWNTIME = tmp_path / "file"
    settings.DOWNTIME.write_text("not a folder")
    assert write() == 0
    assert [row.written_at for row in downtime.overview(by=cast["clinician"])] == [None]
    settings.DOWNTIME = tmp_path / "folder"

    assert write() == len(units())


def test_a_new_password_opens_the_file_that_is_written_after_it(cast, patient, result, ward):
    write()
    _, before = downtime.take(by=cast["clinician"], on=ward)
    old = password_of(ward)
    new = downtime.relock(by=cast["clinician"], on=ward)
    write()
    _, after = downtime.take(by=cast["clinician"], on=ward)

    assert opened(before, old) and opened(after, new)
    with pytest.raises(pikepdf.PasswordError):
        opened(after, old)
    assert events("downtime.password-changed") == [""]


def test_a_ward_of_another_name_leaves_no_older_file_behind(cast, patient, result, ward, settings):
    write()
    with guard.unlocked():
        CareUnit.objects.filter(public_id=ward).update(name="Another name")
    clock_passes()
    write()

    mine = [file.name for file in settings.DOWNTIME.glob("*.pdf") if file.stem.endswith(ward[:6])]
    assert mine == [f"another-name-{ward[:6]}.pdf"]


def test_one_ward_whose_file_cannot_be_made_keeps_no_other_from_its_own(
    cast, patient, result, ward, monkeypatch, caplog
):
    made = paper.pdf

    def fail(template, values):
        if values["patients"]:
            raise RuntimeError(values["patients"][0]["name"])
        return made(template, values)

    monkeypatch.setattr(paper, "pdf", fail)
    assert write() == len(units()) - 1
    standing = {row.public_id: row.written_at for row in downtime.overview(by=cast["clinician"])}
    shown = records.open_patient(by=cast["clinician"], on=patient).patient
    assert (standing[ward], shown.name in caplog.text) == (None, False)


def test_a_patient_who_was_deleted_at_the_source_leaves_the_file(cast, patient, result, ward):
    with guard.unlocked():
        Patient.objects.filter(public_id=patient).update(standing="removed", removed_at=clock.now())
    write()
    _, content = downtime.take(by=cast["clinician"], on=ward)

    assert "Nopatientofthisward" in opened(content, password_of(ward)).replace(" ", "")


def test_the_password_stands_in_no_event(cast, patient, result, ward):
    write()
    downtime.reveal(by=cast["clinician"], on=ward)
    with guard.unlocked():
        told = str(list(AuditEvent.objects.values_list("verb", "payload")))

    assert password_of(ward) not in told


@given(some.text(alphabet=some.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=60))
def test_no_name_is_read_as_markup(name):
    patient = {"name": name, "born": name, "sex": name, "mrn": name, "results": []}
    content = paper.pdf("downtime", {"ward": "Ward", "written": "now", "patients": [patient]})

    assert content.startswith(b"%PDF-1.7")
