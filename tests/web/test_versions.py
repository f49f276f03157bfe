"""What the pages of a version say and where they lead: use and measures, its run, what is owed, what follows a signature."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from portal.accounts import factors
from portal.core import guard
from portal.registry import actions, bundle, signing
from portal.registry.cards import actions as cards
from portal.registry.cards import overview
from portal.registry.intake import origin
from portal.registry.models import Arrival, ModelVersion
from portal.web.lab import parts
from portal.web.oversight import words
from tests import reviewing

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
RUN = "0" * 31 + "1"


@pytest.fixture
def draft(cast, studies, trained) -> ModelVersion:
    folder = trained["coronary-disease"]
    return actions.register(by=cast["scientist"], on=studies["demo"], slug="coronary", folder=folder)


def page(person, route: str, *args, **posted):
    client = Client()
    client.force_login(person, backend=BACKEND)
    address = reverse(route, args=args)
    return client.post(address, posted, follow=True) if posted else client.get(address, follow=True)


def test_the_overview_says_what_the_card_says_and_nothing_of_the_form_beside_it(cast, draft):
    said = {"attribute.5": "For a talk before angiography.", "attribute.9": "Children.", "attribute.10": "It is old.",
            "attribute.21": "AUROC 0.71, 303 people."}  # fmt: skip
    cards.write(by=cast["scientist"], on=draft, raw=said)

    text = page(cast["scientist"], "lab:version", draft.public_id).content.decode()

    assert all(words in text for words in said.values())
    assert draft.overlay["intended_use"] not in text
    assert not any(caution in text for caution in draft.overlay["cautions"])
    assert draft.overlay["training"]["performance"] not in text


def test_where_the_card_is_silent_the_form_s_words_stand(draft):
    with guard.unlocked():
        draft.card_entries.all().delete()

    found = overview.of(draft)

    assert (found.use, found.cautions) == (draft.overlay["intended_use"], tuple(draft.overlay["cautions"]))
    assert found.performance == draft.overlay["training"]["performance"]


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "were sent as a zip, so nobody compared"),
        (f"runs:/{RUN}/model", "that the files were fetched from"),
        ("models:/heart/3", "fetched from models:/heart/3 and name this run"),
        (None, "registered on the server, so nobody compared"),
    ],
)
def test_a_run_that_files_only_name_is_not_called_their_source(cast, draft, address, says):
    draft.run = {"run_id": RUN}
    if address is not None:
        with guard.unlocked():
            given = {"study": draft.model.study, "slug": "coronary", "sent_by": cast["scientist"], "state": "taken"}
            Arrival.objects.create(version=draft, address=address, **given)

    assert says in origin.sentence(draft)


def test_the_words_beside_a_signature_name_everything_that_it_covers(draft):
    payload = signing.payload(draft)
    assert set(words.COVERED) == (set(payload) - {"parts"}) | set(bundle.covered(draft))
    assert "model card, acceptance cases" in words.covered()


def test_submitting_says_again_what_is_still_owed(cast, draft):
    cards.write(by=cast["scientist"], on=draft, raw={"attribute.5": ""})

    answer = page(cast["scientist"], "lab:submit", draft.public_id, where="all")
    told = str(next(iter(answer.context["messages"])))

    assert told.startswith("Submitted. Before anyone can sign: ")
    owed = bundle.missing(ModelVersion.objects.get(pk=draft.pk))
    assert len(owed) == 3 and all(one.sentence in told for one in owed)


def test_of_much_that_is_owed_the_first_is_named_and_the_rest_counted(cast, draft):
    raw = {f"attribute.{number}": "" for number in (2, 5, 9, 11)}
    cards.write(by=cast["scientist"], on=draft, raw=raw)

    answer = page(cast["scientist"], "lab:submit", draft.public_id, where="all")
    told = str(next(iter(answer.context["messages"])))

    assert told.endswith('And <a href="#missing">3 more</a>.') and told.count("blank") == 3
    assert 'id="missing"' in answer.content.decode()


def test_a_blank_of_the_card_leads_to_where_it_is_written_for_whoever_may_write_it(cast, draft):
    cards.write(by=cast["scientist"], on=draft, raw={"attribute.5": ""})
    change = reverse("lab:card-change", args=[draft.public_id, "purpose"])

    assert f'<li><a href="{change}">What it is for: intended use' in page(
        cast["scientist"], "lab:card", draft.public_id
    ).content.decode()  # fmt: skip

    told = dict(parts.owing(cast["clinician"], draft, bundle.missing(draft)))
    assert told["What it is for: intended use (5) is blank."] == (
        reverse("lab:card", args=[draft.public_id]) + "#purpose"
    )


def test_each_signature_says_what_follows(cast, waiting_version):
    def sign(name: str, **given) -> str:
        cache.clear()
        reviewing.answer_all(cast[name], waiting_version)
        answer = page(
            cast[name], "oversight:approval", waiting_version.public_id, decision="approve", reason="Read it all.",
            password="correct-horse-battery", code=factors.current_code(cast[name]), seen=reviewing.seen(waiting_version),
        )  # fmt: skip
        return str(next(iter(answer.context["messages"])))

    first, second = sign("reviewer"), sign("reviewer2")

    assert "One more signature is needed: seat “" in first
    day = ModelVersion.objects.get(pk=waiting_version.pk).expires_on
    assert f"Approved until {day:%-d %b %Y} for all wards." in second
    assert reverse("lab:version", args=[waiting_version.public_id]) in second


@pytest.fixture
def waiting_version(cast, draft, prove) -> ModelVersion:
    prove(draft)
    return ModelVersion.objects.get(pk=draft.pk)


def test_a_model_that_has_arrived_says_what_to_do_next_until_it_is_done(cast, draft):
    named = [name for name, _ in parts.next_steps(cast["scientist"], draft)]
    assert named == ["shape the form"]
    assert parts.next_steps(cast["reviewer"], draft) == []

    with guard.unlocked():
        draft.cases.all().delete()
    cards.write(by=cast["scientist"], on=draft, raw={"attribute.5": ""})
    text = page(cast["scientist"], "lab:files", draft.public_id).content.decode()
    for route in ("lab:form-studio", "lab:card", "lab:evidence-case"):
        assert f'<a href="{reverse(route, args=[draft.public_id])}">' in text.partition("Next:")[2].partition("</p>")[0]

    actions.submit(by=cast["scientist"], on=draft)
    assert "Next:" not in page(cast["scientist"], "lab:files", draft.public_id).content.decode()


def test_files_of_a_card_are_called_by_model_and_version(cast, draft):
    for route, ending in (("lab:card-file", "xml"), ("lab:card-paper", "pdf")):
        named = page(cast["scientist"], route, draft.public_id)["Content-Disposition"]
        assert named == f'attachment; filename="coronary-1.{ending}"'
