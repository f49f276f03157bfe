"""From an ECG file to an answer, and every way in which there is none."""

import base64
import html
import json
from math import log

import numpy
import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pydicom.data import get_testdata_file

from portal.access import actions as access
from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.compute.models import Job, LedgerEntry
from portal.datasets.runtime import vault
from portal.predictions import actions, tracings
from portal.records import actions as records
from tests.signals.files import ecg, header_of, of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, settings):
    settings.DATASETS, settings.SIGNALS = tmp_path / "datasets", tmp_path / "signals"


@pytest.fixture
def chosen(cast, patient):
    """The clinician's patient, as the banner shows them."""
    return records.open_patient(by=cast["clinician"], on=patient).patient


@pytest.fixture
def send(cast, chosen, rhythm):
    """Post a file to the form, as a browser does."""

    def run(content: bytes | None, who="clinician", **more):
        client = Client()
        client.force_login(cast[who], backend="allauth.account.auth_backends.AuthenticationBackend")
        files = {} if content is None else {"in.ecg": SimpleUploadedFile("ecg.dcm", content)}
        return client.post(f"/clinic/patients/{chosen.public_id}/models/irregular-rhythm/", files | more)

    return run


def stored() -> list[str]:
    folders = (django_settings.DATASETS, django_settings.SIGNALS)
    return [path.name for folder in folders for path in folder.rglob("*") if path.is_file()]


def nothing_saved() -> bool:
    return (Job.objects.filter(kind="prediction").count(), LedgerEntry.objects.count(), stored()) == (0, 0, [])


def error(answer) -> str:
    import re

    found = re.search(r'<div class="error">.*?</svg>(.*?)</div>', answer.content.decode(), re.S)
    return html.unescape(found.group(1)).strip() if found else ""


@pytest.mark.embedded
def test_an_ecg_of_the_patient_is_read_run_and_kept_encrypted(send, worked, scorer, cast, chosen, client_of):
    content = of(chosen)
    answer = send(content)
    assert answer.status_code == 302
    worked()

    found = actions.open_prediction(by=cast["clinician"], on=answer.url.split("/")[-2])
    assert found.state == "succeeded"
    assert found.sentence.startswith("The rhythm looks regular: probability of an irregular rhythm ")
    signal = found.envelope["signals"][0]
    assert (signal["lead"], signal["seconds"], signal["at"]) == ("II", 10.0, "2026-11-08T14:02:00")
    assert signal["check"] == {"agree": ["name", "birth date", "record number"], "enough": True}
    row = found.envelope["inputs"][0]
    assert (row["source_text"], row["shown"]) == ("12-lead ECG of 8 Nov 2026, 14:02, lead II", "10 s of lead II")
    assert len(found.envelope["reading"]["peaks"]) == found.envelope["reading"]["beats"] > 6
    assert stored() != [] and all(
        content[200:260] not in path.read_bytes() for path in django_settings.SIGNALS.iterdir()
    )
    taken = client_of("clinician").get(f"/clinic/predictions/{found.public_id}/original/?input=ecg")
    assert taken.getvalue() == content
    assert (taken["Content-Disposition"], taken["Cache-Control"]) == (
        'attachment; filename="sent.dcm"',
        "no-store, private",
    )
    noted = AuditEvent.objects.get(verb="prediction.file-taken")
    assert (noted.patient, signal["digest"] in noted.payload) == (chosen.public_id, True)


@pytest.mark.parametrize(("who", "about", "status"), [
    ("clinician", "?input=nothing", 302), ("clinician2", "", 404), ("scientist", "", 404), ("auditor", "", 404),
])  # fmt: skip
def test_a_file_goes_to_whoever_may_take_the_result_out(send, worked, scorer, chosen, client_of, who, about, status):
    answer = send(of(chosen))
    worked()

    assert client_of(who).get(f"{answer.url}original/{about}").status_code == status


def test_a_stored_file_that_was_changed_is_not_given_out(send, worked, scorer, chosen, client_of):
    answer = send(of(chosen))
    worked()
    (path,) = django_settings.SIGNALS.iterdir()
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    with pytest.raises(vault.Tampered):
        client_of("clinician").get(f"{answer.url}original/").getvalue()


def test_whoever_sends_file_after_file_that_cannot_be_read_has_to_wait(send, chosen, monkeypatch):
    monkeypatch.setattr(tracings, "REFUSALS", 2)
    for _ in range(2):
        assert "This is no DICOM file" in error(send(b"no dicom"))
    assert error(send(of(chosen))) == "Too many files could not be read. Wait 15 minutes."
    assert nothing_saved()


def test_an_irregular_train_of_beats_looks_irregular_and_says_what_in_it(send, worked, scorer, cast, chosen, client_of):
    answer = send(of(chosen, irregular=True, seed=4))
    worked()

    found = actions.open_prediction(by=cast["clinician"], on=answer.url.split("/")[-2])
    assert found.sentence.startswith("The rhythm looks irregular: ")
    account, risk = found.envelope["contributions"], found.envelope["reading"]["share"]
    assert account["base"] + sum(row["amount"] for row in account["rows"]) == pytest.approx(
        log(risk / (1 - risk)), abs=1e-5
    )
    gaps = numpy.diff(found.envelope["reading"]["peaks"])
    vary = next(row for row in account["rows"] if row["name"] == "variation")
    assert (vary["label"], vary["missing"], vary["amount"] > 0) == (
        "How much the intervals between beats vary",
        False,
        True,
    )
    assert vary["shown"].removesuffix(" % of their mean") == f"{100 * gaps.std() / gaps.mean():.0f}"
    assert sorted(found.envelope["output"]) == ["abstain", "beats", "peaks", "probability", "rate"]
    page = html.unescape(client_of("clinician").get(answer.url).content.decode())
    assert "How much the intervals between beats vary" in page
    assert "Compared with the average of the simulated tracings it was trained on." in page


def test_a_tracing_that_is_only_noise_gets_no_number(send, worked, scorer, cast, chosen, client_of):
    def trembling(dataset):
        import numpy

        group = dataset.WaveformSequence[0]
        values = numpy.random.default_rng(2).normal(0, 40, 5000 * 12).astype("<i2")
        group.WaveformData = values.tobytes()

    answer = send(of(chosen, change=trembling))
    worked()

    found = actions.open_prediction(by=cast["clinician"], on=answer.url.split("/")[-2])
    assert (found.sentence, found.output) == ("No number: the tracing is too noisy to count beats.", None)
    page = client_of("clinician").get(answer.url).content.decode()
    assert 'class="paper"' in page and "Look at the tracing; record it again if it is poor." in page


def test_the_result_shows_trace_beats_lead_and_header(send, worked, scorer, cast, chosen, client_of):
    answer = send(of(chosen))
    worked()

    page = client_of("clinician").get(answer.url).content.decode()
    assert 'class="paper" tabindex="0" role="region"' in page and page.count('class="beat"') > 6
    assert "Lead II as recorded" in page and "12-lead ECG of 8 Nov 2026, 14:02, lead II" in page
    assert header_of(chosen)["name"].replace("^", " ") in page


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"born": "1950-01-02"}, "birth date differs"),
        ({"number": "MRN-ZEBRA-1"}, "record number differs"),
        ({"name": "ZEBRAFAMILY^ZEBRAGIVEN"}, "name differs"),
        ({"name": "ZEBRAFAMILY^ZEBRAGIVEN", "born": "1950-01-02"}, "name and birth date differ"),
    ],
)
def test_a_file_of_another_patient_stops_and_names_what_differs(change, what, send, chosen, caplog):
    answer = send(ecg(**header_of(chosen) | change), **{"vouch.ecg": "yes"})

    sentence = f"The file says it is of another patient: {what}. Nothing was run. Check patient and file."
    assert (answer.status_code, error(answer)) == (422, sentence)
    assert nothing_saved()
    denied = AuditEvent.objects.get(verb="prediction.requested")
    assert (denied.outcome, denied.patient) == ("failed", chosen.public_id)
    assert "file-of-another-patient" in denied.payload
    told = "".join(AuditEvent.objects.values_list("payload", flat=True)) + caplog.text + answer.content.decode()
    assert "ZEBRA" not in told and "1950" not in told


def test_a_file_that_names_nobody_runs_only_when_a_person_vouches(send, worked, scorer, cast, chosen, client_of):
    first = send(ecg())
    assert error(first).startswith("The file names nobody, so it is not known whose it is.")
    assert nothing_saved() and f"I know that this ECG is of {chosen.name}" in first.content.decode()

    answer = send(ecg(), **{"vouch.ecg": "yes"})
    worked()
    page = client_of("clinician").get(answer.url).content.decode()
    assert "The file named nobody." in page and "confirmed that it is of this patient" in page


def test_a_name_alone_is_not_enough(send, chosen):
    answer = send(ecg(name=header_of(chosen)["name"]))

    assert "The file gives the name alone, so it is not known whose it is." in error(answer)
    assert nothing_saved()


def test_pydicoms_own_ecg_is_of_nobody_here(send):
    from pathlib import Path

    answer = send(Path(get_testdata_file("waveform_ecg.dcm", download=False)).read_bytes())

    assert "birth date and record number differ" in error(answer)


def test_a_file_is_needed_and_a_large_one_is_dropped_as_it_arrives(send, settings, chosen):
    assert "is needed" in error(send(None))
    settings.SIGNAL_MAX_BYTES = 1024 * 1024
    answer = send(of(chosen) + b"\0" * 1024 * 1024)
    assert error(answer) == "The file is larger than 1 MB. Choose the ECG alone."
    assert nothing_saved()


def test_another_wards_clinician_reads_nothing_of_it(send, chosen):
    answer = send(of(chosen), who="clinician2")

    assert answer.status_code == 404 and nothing_saved()
    refused = AuditEvent.objects.get(actor="clinician2", outcome="denied", verb="prediction.file-received")
    assert refused.patient == chosen.public_id


def test_who_may_not_run_models_sends_nothing(send, chosen):
    assert send(of(chosen), who="scientist").status_code in (403, 404)
    assert stored() == []


@pytest.fixture
def program(cast, chosen, rhythm):
    """Run the model as a program does."""
    token = access.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=1, label="a program")

    def run(given):
        body = {"model": "irregular-rhythm", "patient": chosen.public_id, "inputs": {"ecg": given}}
        return Client().post(
            "/api/v1/predictions/", json.dumps(body), content_type="application/json",
            headers={"Authorization": f"Bearer {token}", "Prefer": "wait=20"},
        )  # fmt: skip

    return run


def test_a_program_sends_the_file_as_base64(program, scorer, worked, chosen):
    answer = program(base64.b64encode(of(chosen)).decode())

    assert answer.status_code == 201, answer.content[:300]
    assert answer.json()["sentence"].startswith("The rhythm looks regular")
    assert len(stored()) == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("abc", "12-lead ECG: send the ECG as a DICOM file."),
        ("?" * 300, "12-lead ECG: the text is not base64. Send the DICOM file as base64."),
        ({"dicom": "x"}, "12-lead ECG: allowed are “file” and “patient_confirmed” (true or false)."),
        (base64.b64encode(b"no dicom " * 90).decode(), "12-lead ECG: this is no DICOM file. Export the ECG as DICOM and choose that file."),
        (base64.b64encode(ecg()).decode(), "12-lead ECG: The file names nobody, so it is not known whose it is. Choose it again and confirm the patient."),
    ],
)  # fmt: skip
def test_a_program_that_sends_something_else_is_told_so(given, sentence, program):
    answer = program(given)

    assert (answer.status_code, answer.json()["errors"]) == (422, {"ecg": sentence})
    assert nothing_saved()


def test_a_program_may_vouch_and_the_schema_says_how(program, scorer, worked, cast, rhythm):
    answer = program({"file": base64.b64encode(ecg()).decode(), "patient_confirmed": True})
    assert answer.json()["envelope"]["signals"][0]["check"] == {"agree": [], "enough": False}

    from portal.registry import schema, spec

    shape = schema.json_schema(spec.form_of(rhythm), title="x")["properties"]["ecg"]
    assert shape["oneOf"][0]["contentMediaType"] == "application/dicom"
