"""The pages of a model card: read, write, bring and take away."""

import io

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.registry import actions as registry
from portal.registry.cards import actions, chai, values
from portal.registry.cards.card import item_of, values_of
from portal.registry.models import CardEntry

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def draft(cast, studies, trained):
    folder = trained["coronary-disease"]
    return registry.register(by=cast["scientist"], on=studies["demo"], slug="coronary", folder=folder)


@pytest.fixture
def be(cast):
    def run(name: str) -> Client:
        client = Client()
        client.force_login(cast[name], backend=BACKEND)
        return client

    return run


def test_the_card_shows_every_value_with_who_wrote_it(be, draft):
    page = be("scientist").get(f"/lab/versions/{draft.public_id}/card/").content.decode()
    assert page.count('<details class="history">') == CardEntry.objects.filter(version=draft).exclude(
        key__startswith="chai"
    ).count() + sum(1 for key in values_of(draft) if key.startswith("chai"))
    assert "5. Intended use" in page and "(2)(i)" in page


@pytest.mark.parametrize(
    "group", ["details", "purpose", "making", "outside", "practice", "device", "own", "more", "tests"]
)
def test_saving_a_group_as_it_stands_changes_nothing(be, draft, group):
    client, address = be("scientist"), f"/lab/versions/{draft.public_id}/card/change/{group}/"
    answer = client.get(address)
    before, rows = values_of(draft), CardEntry.objects.count()
    given: dict[str, list[str]] = {}
    from portal.web.lab.card_forms import questions  # the same fields as the page draws

    for question in questions([one.line for one in answer.context["questions"]]):
        for name, text in fields_of(question):
            given.setdefault(name, []).append(text)
    client.post(address, given)
    assert (values_of(draft), CardEntry.objects.count()) == (before, rows)


def fields_of(question):
    value, key = question.value, question.key
    for name in ("text", "contact", "choice", "answer", "title", "status", "number", "urgent"):
        if value.get(name):
            yield f"{key}.{name}", value[name]
    yield from ((f"{key}.{flag}", "on") for flag in ("none", "unavailable", "marked") if value.get(flag))
    yield from ((f"{key}.ticks", tick) for tick in value.get("ticks", ()))
    if "items" in value:
        yield f"{key}.items", question.listed
    for place, _, one in question.criteria:
        yield f"{key}.met.{place}", one.get("met", "")
        yield f"{key}.reason.{place}", one.get("text", "")
    for place, label, told in question.results:
        yield f"{key}.label.{place}", label
        yield f"{key}.value.{place}", told


def test_an_edit_is_a_new_row_and_the_old_words_stay(be, cast, draft):
    old = values_of(draft)["attribute.5"]["text"]
    be("scientist").post(
        f"/lab/versions/{draft.public_id}/card/change/purpose/",
        {"attribute.5.text": "Zebra use.", "attribute.6.text": values_of(draft)["attribute.6"]["text"],
         "attribute.7.text": values_of(draft)["attribute.7"]["text"], "attribute.8.choice": "augments"},
    )  # fmt: skip
    said = values_of(draft)
    assert (said["attribute.5"], said["attribute.8"]) == ({"text": "Zebra use."}, {"choice": "augments"})
    page = be("scientist").get(f"/lab/versions/{draft.public_id}/card/").content.decode()
    assert "Zebra use." in page and old in page


def test_not_available_is_offered_and_taken_only_where_the_rule_allows_it(be, draft):
    client = be("scientist")
    offered = {}
    for group in ("details", "purpose", "cautions", "making", "fairness", "outside", "measures", "watching", "upkeep"):
        page = client.get(f"/lab/versions/{draft.public_id}/card/change/{group}/").content.decode()
        offered |= {
            number: f'name="attribute.{number}.unavailable"' in page
            for number in range(1, 32)
            if f'id="attribute.{number}"' in page
        }
    assert {number for number, there in offered.items() if there} == {17, 18, 19, 20, 23, 24, 25, 27, 29, 30, 31}
    assert len(offered) == 31

    answer = client.post(f"/lab/versions/{draft.public_id}/card/change/cautions/", {"attribute.9.unavailable": "on"})
    assert answer.status_code == 422
    assert "9. Not for must be told" in answer.content.decode()
    assert values_of(draft)["attribute.9"]["text"].startswith("Deciding")


def test_the_hospital_adds_an_attribute_of_its_own_and_takes_it_away(be, draft):
    client, address = be("scientist"), f"/lab/versions/{draft.public_id}/card/change/own/"
    client.post(address, {"own.1.title": "Interpreter", "own.1.text": "Ask for one."})
    assert values_of(draft)["own.1"] == {"title": "Interpreter", "text": "Ask for one."}
    assert "Interpreter" in client.get("/lab/models/coronary/card/").content.decode()
    client.post(address, {"own.1.title": "", "own.1.text": ""})
    assert "own.1" not in values_of(draft)
    assert CardEntry.objects.filter(version=draft, key="own.1").count() == 2


def test_a_file_shows_what_it_would_change_before_anything_is_saved(be, draft, cast):
    client, address = be("scientist"), f"/lab/versions/{draft.public_id}/card/bring/"
    taken = client.get(f"/lab/versions/{draft.public_id}/card/file/").content
    changed = taken.replace(b"Chest pain", b"Chest pain").replace(b"Screening.", b"Screening of giraffes.")
    assert changed != taken
    rows = CardEntry.objects.count()
    shown = client.post(address, {"file": SimpleUploadedFile("card.xml", changed)})
    assert [one.label for one in shown.context["preview"].changes] == ["9. Not for"]
    assert CardEntry.objects.count() == rows

    sent = {"content": shown.context["content"], "seen": shown.context["preview"].seen}
    actions.write(by=cast["scientist"], on=draft, raw={"attribute.10": "Other risks."})
    assert client.post(address, sent).status_code == 409
    again = client.post(address, {"file": SimpleUploadedFile("card.xml", changed)})
    assert {one.label for one in again.context["preview"].changes} == {"9. Not for", "10. Known risks and limits"}
    sent = {"content": again.context["content"], "seen": again.context["preview"].seen}
    assert client.post(address, sent).status_code == 302
    assert "giraffes" in values_of(draft)["attribute.9"]["text"]


@pytest.mark.parametrize(
    "content",
    [b"", b"no xml", b"<a/>", b"\xff\xfe\x00", b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", b"x" * 600_000],
)  # fmt: skip
def test_a_file_that_is_no_card_is_refused_in_a_sentence(be, draft, content):
    answer = be("scientist").post(
        f"/lab/versions/{draft.public_id}/card/bring/", {"file": SimpleUploadedFile("card.xml", content)}
    )
    assert answer.status_code == 422
    assert "root:" not in answer.content.decode()


def test_the_pdf_is_readable_for_screen_readers_and_carries_the_xml(be, draft):
    content = be("scientist").get(f"/lab/versions/{draft.public_id}/card/paper/").content
    with pikepdf.open(io.BytesIO(content)) as opened:
        xml, software = str(opened.docinfo["/chaiMcXml"]), str(opened.docinfo["/chaiMcSoftwareId"])
        assert "pdfuaid:part" in opened.Root.Metadata.read_bytes().decode()
        assert opened.Root.MarkInfo.Marked
    assert software == "Formulary"
    assert {
        key: value for key, value in chai.from_xml(xml.encode()).items() if key not in chai.defaults(draft)
    } == values_of(draft)


def test_the_page_in_plain_words_says_what_the_values_say(be, draft):
    page = be("scientist").get("/lab/models/coronary/card/").content.decode()
    for number in range(1, 32):
        item = item_of(f"attribute.{number}")
        words = values.text_of(item, values_of(draft)[item.key]).splitlines()[0]
        assert words.replace("’", "’").split("“")[0].split("'")[0][:60] in page
