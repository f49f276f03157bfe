"""First steps from what a person did, words in place, and pages in two depths."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from portal.access import actions as access
from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.audit.sentences import SENTENCES
from portal.predictions import actions as predictions
from portal.predictions import feedback
from portal.records import actions as records
from portal.records import invented, practice
from portal.web import guide

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client_of(cast):
    def sign_in(name: str) -> Client:
        client = Client()
        client.force_login(cast[name], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def done(person) -> list[list[bool]]:
    return [[step.done for step in found.steps] for found in guide.of(person)]


def test_steps_are_ticked_by_what_the_person_did_and_nobody_else(cast, patient, unplanned, worked, scorer):
    person = cast["clinician"]
    (lesson, *_) = practice.open_ward(by=person)
    assert done(person) == [[False] * 5]

    run = predictions.request(by=person, on=lesson.patient.public_id, version=unplanned, inputs={}).prediction
    worked()
    records.open_patient(by=person, on=lesson.patient.public_id)
    assert done(person) == [[True, False, False, False, False]]

    feedback.give(by=person, on=run, verdict="agree")
    records.open_patient(by=person, on=patient)
    assert done(person) == [[True, False, True, True, False]]
    assert done(cast["clinician2"]) == [[False] * 5]


def test_what_was_refused_ticks_nothing(cast, client_of, patient):
    client_of("clinician2").get(f"/clinic/patients/{patient}/")

    assert AuditEvent.objects.filter(verb="patient.opened", actor="clinician2", outcome="denied").exists()
    assert done(cast["clinician2"]) == [[False] * 5]


def test_every_step_names_verbs_that_exist_and_a_page_that_opens(cast, client_of, wards):
    for name in ("clinician", "scientist", "reviewer", "admin", "auditor"):
        client = client_of(name)
        for step in guide.STEPS[name]:
            assert step.verbs <= set(SENTENCES)
            assert (name, step.words, client.get(step.where).status_code) == (name, step.words, 200)


def test_a_person_with_two_roles_goes_through_one_guide_after_the_other(cast, client_of, monkeypatch):
    both = access.add_person(
        by=SYSTEM, username="both", name="Both", password="correct-horse-battery", role_names=["clinician", "scientist"]
    )
    assert guide.unfinished(both).title == "Clinician"

    verbs = {verb for step in guide.STEPS["clinician"] for verb in step.verbs}
    monkeypatch.setattr(guide.queries, "done_by", lambda person, asked: {(v, p) for v in verbs for p in (True, False)})
    assert guide.unfinished(both).title == "Scientist"


@pytest.mark.parametrize("name", ["clinician", "scientist", "reviewer", "admin", "auditor"])
def test_the_next_step_stands_on_the_first_page_alone_until_it_is_put_away(name, client_of, wards):
    client = client_of(name)
    first = client.get("/").url
    assert 'class="first-steps' in client.get(first).content.decode()
    assert 'class="first-steps' not in client.get("/account/sessions/").content.decode()

    answer = client.post("/account/guide/away/", {"back": first})
    assert (answer.status_code, answer.url) == (302, first)
    assert 'class="first-steps' not in client.get(first).content.decode()

    assert "Show the next step" in client.get("/account/guide/").content.decode()
    client.post("/account/guide/away/", {"away": "no", "back": first})
    assert 'class="first-steps' in client.get(first).content.decode()


def test_the_depth_is_remembered_on_every_machine_and_written_down(cast, client_of, unplanned):
    here, there = client_of("reviewer"), client_of("reviewer")
    address = f"/lab/versions/{unplanned.public_id}/"
    assert '<details class="more" data-depth="detail">' in there.get(address).content.decode()

    answer = here.post("/account/depth/", {"depth": "detail", "back": address})

    text = there.get(address).content.decode()
    assert answer.url == address
    assert '<details class="more" data-depth="detail" open>' in text
    assert unplanned.digest in text
    assert AuditEvent.objects.get(verb="person.depth-set").actor == "reviewer"


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", ""])
def test_the_way_back_never_leads_elsewhere(back, client_of):
    assert client_of("clinician").post("/account/depth/", {"depth": "plain", "back": back}).url == "/"


def test_a_reviewer_signs_for_what_is_open_before_them_in_either_depth(client_of, cast, studies, trained):
    from portal.registry import actions as registry

    version = registry.register(
        by=cast["scientist"], on=studies["demo"], slug="raw", folder=trained["unplanned-admission"]
    )
    registry.submit(by=cast["scientist"], on=version)
    text = client_of("reviewer").get(f"/oversight/approvals/{version.public_id}/").content.decode()

    assert set(re.findall(r"<details class=\"more\"[^>]*>", text)) == {
        '<details class="more" data-depth="detail" open>'
    }


def test_an_unknown_depth_is_refused_and_nothing_changes(cast, client_of):
    assert client_of("clinician").post("/account/depth/", {"depth": "deep"}).status_code == 422
    cast["clinician"].refresh_from_db()
    assert cast["clinician"].depth == "plain"


def test_the_page_of_all_words_begins_with_those_of_ones_role(client_of):
    heads = re.findall(r"data-words><h2>([^<]+)", client_of("auditor").get("/help/").content.decode())

    assert heads[:2] == ["For audit officers", "For everyone"]
    assert len(heads) == 6


def test_help_begins_with_what_a_clinician_comes_to_do_and_each_leads_to_a_page_that_opens(client_of, wards):
    client = client_of("clinician")
    tasks = client.get("/help/").content.decode().split('id="tasks"')[1].split("</section>")[0]
    found = re.findall(r'<dt><a href="([^"]+)">([^<]+)</a>', tasks)

    assert [title for _, title in found][:3] == ["Find a patient", "Run a model", "Find an earlier result"]
    assert {client.get(where).status_code for where, _ in found} == {200}
    assert 'id="tasks"' not in client_of("auditor").get("/help/").content.decode()


def test_help_stands_at_the_same_place_of_every_page(client_of, wards):
    client = client_of("clinician")
    pages = [client.get(path).content.decode() for path in ("/clinic/", "/help/", "/account/guide/", "/lab/models/")]

    before = [text[: text.index('href="/help/"')].rpartition("<header")[2] for text in pages]
    assert len(set(before)) == 1


class _Folded(HTMLParser):
    """What a plain page folds or hides, and what stands open in it."""

    def __init__(self):
        super().__init__()
        self.depth, self.folded, self.text = 0, [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if self.depth or (given.get("data-depth") == "detail" and "open" not in given):
            self.depth += tag not in ("input", "br", "path", "circle", "line", "img")

    def handle_endtag(self, tag):
        self.depth -= bool(self.depth) and tag not in ("path", "circle", "line")

    def handle_data(self, data):
        (self.folded if self.depth else self.text).append(data)


@pytest.mark.parametrize(("key", "kept"), [("gaps", "was missing"), ("beyond", "Outside what"), ("stale", "old value")])
def test_a_plain_result_folds_inputs_but_nothing_that_warns(key, kept, cast, client_of, unplanned, worked, scorer):
    ward = {
        one.key: lesson for one, lesson in zip(invented.PEOPLE, practice.open_ward(by=cast["clinician"]), strict=True)
    }
    on = ward[key].patient.public_id
    made = predictions.request(by=cast["clinician"], on=on, version=unplanned, inputs={}).prediction
    worked()

    page = _Folded()
    page.feed(client_of("clinician").get(f"/clinic/predictions/{made}/").content.decode())
    shown, folded = " ".join(page.text), " ".join(page.folded)
    assert (kept in shown, kept in folded) == (True, False)
    assert ("Never use it for care." in shown, "old value" in folded) == (True, False)
    assert (unplanned.digest in folded, unplanned.digest in shown) == (True, False)
