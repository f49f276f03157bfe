"""What a model card must say, who may write it until when, and what signatures make of it."""

import json
import shutil

import pytest

from portal.access.policy import Denied
from portal.accounts.factors import Proof
from portal.core import clock
from portal.core.problems import BadInput, Conflict
from portal.registry import actions as registry
from portal.registry import bundle, signing
from portal.registry.cards import actions, attributes, checks, majors, proposals
from portal.registry.cards.card import values_of
from portal.registry.models import CardEntry, ModelVersion
from portal.registry.standing import require_runnable
from tests import model_cards, reviewing

pytestmark = pytest.mark.django_db
SLUG = "coronary"


def change(folder, to, **overlay):
    """A copy of a model folder whose form says something else."""
    shutil.copytree(folder, to)
    path = to / "formulary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | overlay))
    return to


@pytest.fixture
def draft(cast, studies, trained) -> ModelVersion:
    folder = trained["coronary-disease"]
    return registry.register(by=cast["scientist"], on=studies["demo"], slug=SLUG, folder=folder)


@pytest.fixture
def sign(cast, prove):
    def run(version, *names: str):
        if any(one.part == "evidence" for one in bundle.missing(version)):
            prove(version)
        for name in names or ("reviewer", "reviewer2"):
            proof = Proof(cast[name].pk, clock.now())
            reviewing.approve(by=cast[name], on=version, reason="Card read.", proof=proof)
        version.refresh_from_db()

    return run


def waits_for(version) -> list[str]:
    return [one.sentence for one in bundle.missing(version) if one.part == "card"]


def test_the_table_is_the_rules():
    cites = [item.cite for item in attributes.ATTRIBUTES]
    assert [item.number for item in attributes.ATTRIBUTES] == list(range(1, 32))
    assert len(set(cites)) == 31
    assert (cites[0], cites[11], cites[24], cites[30]) == ("(1)(i)", "(4)(ii)", "(7)(v)", "(9)(ii)")
    may = {item.number for item in attributes.ATTRIBUTES if item.may_be_missing}
    assert may == {17, 18, 19, 20, 23, 24, 25, 27, 29, 30, 31}
    assert (len(attributes.TICKED), len(attributes.PRINCIPLES)) == (9, 10)


def test_the_six_models_of_the_demonstration_bring_whole_cards(cast, studies, trained):
    for slug, folder in trained.items():
        version = registry.register(by=cast["scientist"], on=studies["demo"], slug=slug, folder=folder)
        assert (slug, waits_for(version)) == (slug, [])


def test_blanks_are_named_group_by_group_and_nobody_signs(cast, studies, trained, tmp_path, sign):
    folder = tmp_path / "bare"
    shutil.copytree(trained["coronary-disease"], folder)
    (folder / "card.json").unlink()
    version = registry.register(by=cast["scientist"], on=studies["demo"], slug="bare", folder=folder)
    registry.submit(by=cast["scientist"], on=version)
    said = waits_for(version)
    assert len(said) == len(attributes.GROUPS)
    assert said[0] == "What it is: developer and contact (1), funding (2) and 2 more are blank."
    assert "a team of many trades (1), sound engineering (2) and 8 more are blank." in said[-2]
    with pytest.raises(Conflict) as refusal:
        sign(version, "reviewer")
    assert refusal.value.code == "not-ready"

    raw = model_cards.whole(version)
    actions.write(by=cast["scientist"], on=version, raw={key: raw[key] for key in raw if key != "attribute.7"})
    assert waits_for(version) == ["What it is for: intended users (7) is blank."]
    actions.write(by=cast["reviewer"], on=version, raw={"attribute.7": raw["attribute.7"]})
    sign(version)
    assert version.state == "approved"


def test_every_single_blank_holds_the_approval_back(cast, draft):
    whole = values_of(draft)
    for item in attributes.REQUIRED:
        actions.write(by=cast["scientist"], on=draft, raw={item.key: {}})
        assert len(waits_for(draft)) == 1
        actions.write(by=cast["scientist"], on=draft, raw={item.key: whole[item.key]})
    assert (waits_for(draft), values_of(draft)) == ([], whole)


def test_a_value_that_changes_after_the_signatures_stops_every_run(draft, cast, sign):
    from portal.core import guard

    registry.submit(by=cast["scientist"], on=draft)
    sign(draft)
    before = signing.payload_sha256(draft)
    assert require_runnable(draft).version == draft
    with guard.unlocked():
        CardEntry.objects.create(
            version=draft, key="attribute.9", value={"text": "x"}, author=cast["scientist"], since=1
        )
    assert signing.payload_sha256(draft) != before
    with pytest.raises(Conflict) as refusal:
        require_runnable(draft)
    assert refusal.value.code == "signatures-void"


def test_the_card_is_open_to_its_study_then_to_author_and_committee_then_to_nobody(cast, draft, sign):
    def write(name: str, text: str):
        actions.write(by=cast[name], on=draft, raw={"attribute.5": {"text": text}})

    write("scientist", "As a draft.")
    for name in ("reviewer", "scientist2", "clinician", "admin"):
        with pytest.raises(Denied):
            write(name, "Not yet, or never.")
    registry.submit(by=cast["scientist"], on=draft)
    draft.refresh_from_db()
    for name in ("scientist", "reviewer"):
        write(name, f"Submitted, by {name}.")
    with pytest.raises(Denied):
        write("scientist2", "Never.")
    sign(draft, "reviewer")
    for name in ("scientist", "reviewer2"):
        with pytest.raises(Conflict):
            write(name, "Too late.")
    assert values_of(draft)["attribute.5"] == {"text": "Submitted, by reviewer."}


def test_a_new_version_starts_with_the_old_words_their_authors_and_days(cast, studies, draft, trained, tmp_path):
    actions.write(
        by=cast["scientist"],
        on=draft,
        raw={"attribute.5": {"text": "Mine."}, "own.1": {"title": "T", "text": "t"}, "major": {"marked": True}},
    )
    folder = change(trained["coronary-disease"], tmp_path / "next")
    (folder / "card.json").write_text(json.dumps({"attribute.9": "Brought by the files."}))
    after = registry.register(by=cast["scientist"], on=studies["demo"], slug=SLUG, folder=folder)

    assert values_of(after) == {
        key: value for key, value in values_of(draft).items() if key != "major"
    } | {"attribute.9": {"text": "Brought by the files."}}  # fmt: skip
    rows = {row.key: row for row in after.card_entries.all()}
    old = draft.card_entries.filter(key="attribute.5").last()
    assert (rows["attribute.5"].at, rows["attribute.5"].since, rows["attribute.9"].since) == (old.at, 1, 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "must be a JSON object"), ("{", "must be a JSON object"), ('{"attribute.32": "x"}', "nothing called"),
        ('{"attribute.9": {"unavailable": true}}', "must be told"), ('{"attribute.12": {"ticks": ["hair"]}}', "takes ticks of"),
        ('{"attribute.4": {"choice": "guess"}}', "takes prediction"), ('{"attribute.5": "a\\u0000b"}', "cannot be kept"),
        ('{"attribute.5": {"text": 5}}', "must be a text"), ('{"gmlp.1": {"answer": ["yes"]}}', "takes yes"), ('{"device": {"criteria": [1]}}', "four criteria"),
    ],
)  # fmt: skip
def test_a_card_in_the_files_that_does_not_fit_is_refused_and_nothing_is_registered(
    cast, studies, trained, tmp_path, text, words
):
    folder = change(trained["coronary-disease"], tmp_path / "odd")
    (folder / "card.json").write_text(text)
    with pytest.raises(BadInput, match=words):
        registry.register(by=cast["scientist"], on=studies["demo"], slug=SLUG, folder=folder)
    assert ModelVersion.objects.count() == 0


def ticked(version, *ticks) -> list[str]:
    return checks.contradictions(version, {"attribute.12": {"ticks": list(ticks), "none": not ticks}})


def test_a_contradiction_between_the_ticks_and_the_form_is_named(cast, draft):
    assert ticked(draft, "sex", "date-of-birth") == []
    assert ticked(draft, "sex") == ["The form asks “Age”, but the card does not tick date of birth."]
    assert ticked(draft, "sex", "date-of-birth", "race") == [
        "The card ticks race, but no question of the form is marked as that."
    ]
    assert ticked(draft, "sex", "date-of-birth", "health-status") == []
    draft.overlay["inputs"]["cp"]["protected"] = True
    assert ticked(draft, "sex", "date-of-birth") == [
        "The form marks “Chest pain” as protected, but the card ticks nothing that it could be."
    ]
    assert ticked(draft, "sex", "date-of-birth", "ethnicity") == []
    actions.write(by=cast["scientist"], on=draft, raw={"attribute.12": {"none": True}})
    assert len(waits_for(draft)) == 3


def test_what_is_urgent_or_reads_a_signal_is_no_device_for_nobody(cast, studies, draft, trained):
    device = {"status": "non-device", "urgent": "no", "criteria": [{"met": "yes", "text": "So."}] * 4}
    rhythm = registry.register(
        by=cast["scientist"], on=studies["demo"], slug="rhythm", folder=trained["irregular-rhythm"]
    )
    found = {}
    for version, given in ((draft, device), (draft, device | {"urgent": "yes"}), (rhythm, device),
                           (draft, device | {"criteria": [{"met": "no", "text": "So."}] * 4}), (draft, device | {"status": "cleared"})):  # fmt: skip
        actions.write(by=cast["scientist"], on=version, raw={"device": given})
        found[version.pk, json.dumps(given)] = waits_for(version)
    assert list(found.values()) == [
        [], ["A time-critical model cannot be marked as no device."], ["A model that reads a signal cannot be marked as no device."],
        ["Marked as no device, but criterion 1, 2, 3, 4 is not met."], ["Device or not: the number of its clearance is not said."],
    ]  # fmt: skip


def test_only_what_changes_the_meaning_makes_a_version_major(cast, studies, draft, trained, tmp_path, sign):
    def following(name: str, raw=None, **overlay) -> int:
        folder = change(trained["coronary-disease"], tmp_path / name, **overlay)
        version = registry.register(by=cast["scientist"], on=studies["demo"], slug=SLUG, folder=folder)
        actions.write(by=cast["scientist"], on=version, raw=raw or {})
        registry.submit(by=cast["scientist"], on=version)
        sign(version)
        return majors.major_of(version)

    registry.submit(by=cast["scientist"], on=draft)
    sign(draft)
    overlay = draft.overlay
    output = overlay["output"] | {"base_rate": 0.9}
    assert majors.major_of(draft) == 1
    assert (
        following("retrained", {"attribute.21": {"text": "Better measures."}}, output=output, training={"rows": 5}) == 1
    )
    assert following("warned", {"attribute.9": {"text": "New warning."}}) == 3
    assert following("same", {"attribute.9": {"text": "New warning."}}) == 3
    assert (
        following(
            "bands",
            {"attribute.9": {"text": "New warning."}},
            output=overlay["output"] | {"bands": [{"upto": 1.0, "label": "All"}]},
        )
        == 5
    )
    assert (
        following(
            "marked",
            {"attribute.9": {"text": "New warning."}, "major": {"marked": True}},
            output=overlay["output"] | {"bands": [{"upto": 1.0, "label": "All"}]},
        )
        == 6
    )


def test_a_card_that_is_a_link_out_of_the_folder_is_not_read(tmp_path):
    (tmp_path / "secret").write_text('{"attribute.5": "secret"}')
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "card.json").symlink_to(tmp_path / "secret")
    assert proposals.read(folder) == {}
