"""Nobody runs a model on a ward before they said that they read its card: by form and by program alike."""

import pytest
from django.test import Client

from portal.access import actions as access
from portal.access.actors import SYSTEM
from portal.access.policy import Denied
from portal.audit.models import AuditEvent
from portal.core import guard
from portal.core.problems import BadInput, Conflict
from portal.predictions import actions
from portal.predictions.models import Prediction
from portal.records import practice
from portal.registry import actions as registry
from portal.registry.cards import attestations
from portal.registry.models import Attestation

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def unread(unplanned):
    """The approved model, whose card nobody has read."""
    with guard.unlocked():
        Attestation.objects.all().delete()
    return unplanned


def runs() -> int:
    with guard.unlocked():
        return Prediction.objects.count()


@pytest.fixture
def nurse(cast) -> Client:
    client = Client()
    client.force_login(cast["clinician"], backend=BACKEND)
    return client


def test_neither_form_nor_run_before_the_card_was_read(cast, patient, unread, worked):
    for ask in (
        lambda: actions.open_form(by=cast["clinician"], on=patient, version=unread),
        lambda: actions.request(by=cast["clinician"], on=patient, version=unread, inputs={}),
        lambda: actions.request(by=cast["clinician"], version=unread, inputs={}),
    ):
        with pytest.raises(attestations.AttestationNeeded):
            ask()
    assert runs() == 0

    attestations.attest(by=cast["clinician"], on=unread, read=True)
    assert actions.request(by=cast["clinician"], on=patient, version=unread, inputs={}).prediction


def test_one_persons_word_is_not_anothers_nor_another_models(cast, patient, unread, approve, trained):
    attestations.attest(by=cast["clinician2"], on=unread, read=True)
    with pytest.raises(attestations.AttestationNeeded):
        actions.open_form(by=cast["clinician"], on=patient, version=unread)
    approve("coronary-disease", trained["coronary-disease"])
    with pytest.raises(attestations.AttestationNeeded):
        actions.open_form(by=cast["clinician"], on=patient, version=unread)


def test_the_word_needs_the_tick_and_who_may_run_the_model(cast, unread):
    with pytest.raises(BadInput):
        attestations.attest(by=cast["clinician"], on=unread, read=False)
    for name in ("scientist", "reviewer", "admin"):
        with pytest.raises(Denied):
            attestations.attest(by=cast[name], on=unread, read=True)
    registry.stop(by=cast["reviewer"], on=unread, reason="odd answers")
    unread.refresh_from_db()
    with pytest.raises(Conflict):
        attestations.attest(by=cast["clinician"], on=unread, read=True)
    assert Attestation.objects.count() == 0


def test_each_word_is_one_event(cast, unread):
    for _ in range(2):
        attestations.attest(by=cast["clinician"], on=unread, read=True)
    events = AuditEvent.objects.filter(verb="card.attested", actor="clinician", object_id=unread.public_id)
    # The first is from setting the stage.
    assert events.count() == 2


def test_a_version_that_means_the_same_needs_no_second_reading_and_one_that_does_not_does(
    cast, patient, unread, approve, trained, tmp_path
):
    from tests.registry.test_cards import change

    attestations.attest(by=cast["clinician"], on=unread, read=True)
    folder = trained["unplanned-admission"]
    same = approve_only(approve, cast, change(folder, tmp_path / "same", training={"rows": 7}))
    assert actions.open_form(by=cast["clinician"], on=patient, version=same).version == same
    warned = approve_only(approve, cast, change(folder, tmp_path / "warned", cautions=["A new caution."]))
    with pytest.raises(attestations.AttestationNeeded):
        actions.open_form(by=cast["clinician"], on=patient, version=warned)


def approve_only(approve, cast, folder):
    """Approve a version and take away what setting the stage let people say about it."""
    known = set(Attestation.objects.values_list("pk", flat=True))
    version = approve("unplanned-admission", folder)
    with guard.unlocked():
        Attestation.objects.exclude(pk__in=known).delete()
    return version


def test_practice_patients_need_no_reading(cast, wards, unread):
    practice.prepare(by=SYSTEM)
    invented = practice.open_ward(by=cast["clinician"])[0].patient.public_id
    assert actions.open_form(by=cast["clinician"], on=invented, version=unread).version == unread


def test_a_nurse_reads_ticks_and_is_at_the_form(nurse, patient, unread):
    form = f"/clinic/patients/{patient}/models/unplanned-admission/"
    led = nurse.get(form)
    assert led.status_code == 302
    page = nurse.get(led.url).content.decode()
    for words in ("What it is for", "Do not use it for", "What can go wrong", "Care of any kind. Children."):
        assert words in page
    assert nurse.post(led.url).status_code == 422
    back = nurse.post(led.url, {"read": "yes"})
    assert back.url == f"{form}?version=1"
    assert nurse.get(back.url).status_code == 200


def test_what_was_typed_before_a_new_warning_came_waits_until_it_was_read(nurse, cast, patient, unread):
    form = f"/clinic/patients/{patient}/models/unplanned-admission/"
    led = nurse.post(form, {"in.creatinine": "1.23", "page": ""})
    back = nurse.post(led.url, {"read": "yes"})
    assert 'value="1.23"' in nurse.get(back.url).content.decode()
    assert runs() == 0


def test_the_way_back_leads_nowhere_else(nurse, unread):
    for odd in ("https://example.org", "//example.org", "../../x", ""):
        answer = nurse.post(f"/clinic/models/unplanned-admission/read/?patient={odd}", {"read": "yes"})
        assert answer.url == "/lab/models/unplanned-admission/card/"


def test_a_program_is_told_what_is_needed_and_where(cast, patient, unread):
    token = access.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=1)
    client = Client(HTTP_AUTHORIZATION=f"Bearer {token}")
    body = {"model": "unplanned-admission", "version": None, "patient": patient, "inputs": {}}
    answer = client.post("/api/v1/predictions/", body, content_type="application/json")
    problem = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert problem["code"] == "attestation-needed"
    assert problem["link"] == "http://testserver/clinic/models/unplanned-admission/read/?version=1"
    assert "Read the card of" in problem["detail"]


def test_the_card_is_there_for_programs_as_values_and_as_a_file(cast, unread):
    token = access.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["models:read"], days=1)
    client = Client(HTTP_AUTHORIZATION=f"Bearer {token}")
    address = "/api/v1/models/unplanned-admission/versions/1/card/"
    found = client.get(address).json()
    said = {value["key"]: value for group in found["groups"] for value in group["values"]}
    assert (said["attribute.4"]["value"]["choice"], said["attribute.4"]["author"], said["attribute.4"]["since_version"]) == (
        "prediction", cast["scientist"].label, 1,
    )  # fmt: skip
    assert client.get(address + "?as=xml").content.startswith(b"<?xml")
    assert client.get(address + "?as=yaml").status_code == 422
