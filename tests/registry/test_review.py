"""The committee at work: checklist, discussion, differences, deputies, interests, wards, reminders and owners."""

import json
import shutil
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import localtime

from portal.access import actions as access
from portal.access.actors import SYSTEM
from portal.access.models import Notice
from portal.core import clock, guard
from portal.core.problems import BadInput, Conflict
from portal.records.models import CareUnit
from portal.registry import actions, artifacts, bundle, queries, signing
from portal.registry.models import ModelEnvironment, ModelVersion
from portal.registry.review import (
    checklist,
    conflicts,
    deputies,
    difference,
    discussion,
    ownership,
    paper,
    scope,
    seats,
)
from portal.registry.standing import require_runnable
from portal.studies import actions as studying
from tests import reviewing
from tests.reviewing import refused, signing_as

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def told(person) -> list[str]:
    return list(Notice.objects.filter(person=person).order_by("id").values_list("kind", flat=True))


def test_nobody_approves_before_their_own_checklist_is_answered(cast, waiting):
    reviewing.answer_all(cast["reviewer2"], waiting)
    assert refused(actions.approve, **signing_as(cast["reviewer"], waiting)) == "checklist-open"

    first, *rest = checklist.POINTS
    left = checklist.answer(by=cast["reviewer"], on=waiting, answers=dict.fromkeys(rest, ("yes", "")))
    assert (left, refused(actions.approve, **signing_as(cast["reviewer"], waiting))) == (1, "checklist-open")
    with pytest.raises(BadInput, match="say in a few words why not"):
        checklist.answer(by=cast["reviewer"], on=waiting, answers={first: ("no", " ")})
    checklist.answer(by=cast["reviewer"], on=waiting, answers={first: ("no", "Only for adults.")})

    signature = actions.approve(**signing_as(cast["reviewer"], waiting))
    assert signature.checklist[first] == {
        "statement": checklist.POINTS[first], "answer": "No", "note": "Only for adults.",
    }  # fmt: skip
    again = {"by": cast["reviewer"], "on": waiting, "answers": {first: ("yes", "")}}
    assert refused(checklist.answer, **again) == "signed"


def test_a_refusal_needs_no_checklist(cast, waiting):
    actions.refuse(**signing_as(cast["reviewer"], waiting))
    waiting.refresh_from_db()
    assert waiting.state == "refused"


def test_what_is_said_is_told_to_the_others_and_answered_under_it(cast, waiting):
    first = discussion.comment(by=cast["reviewer"], on=waiting, words="Why only 200 rows?")
    discussion.comment(by=cast["scientist"], on=waiting, words="The rest had no outcome.", answers=first.public_id)

    (said,) = discussion.remarks(waiting)
    assert (said.author, said.words) == ("Ruth Adler", "Why only 200 rows?")
    assert [(reply.author, reply.words) for reply in said.replies] == [("Mei Tanaka", "The rest had no outcome.")]
    assert [told(cast[name]) for name in ("scientist", "reviewer", "reviewer2")] == [
        ["review-comment"], ["review-comment"], ["review-comment"] * 2,
    ]  # fmt: skip
    assert told(cast["clinician"]) == told(cast["scientist2"]) == []


def test_people_on_the_ward_read_what_is_new_but_not_what_reviewers_say(cast, wards, waiting, sign, client):
    discussion.comment(by=cast["reviewer"], on=waiting, words="Zebra remark of a reviewer.")
    version = sign(waiting, "reviewer", "reviewer2")
    page, seen = reverse("lab:review", args=[version.public_id]), {}
    for name in ("clinician", "scientist", "reviewer"):
        client.force_login(cast[name], backend=BACKEND)
        text = client.get(page).content.decode()
        seen[name] = ("What is new" in text, "Zebra remark" in text, "Other reviewers" in text)
    assert seen == {"clinician": (True, False, False), "scientist": (True, True, True), "reviewer": (True, True, True)}


@pytest.fixture
def second(cast, studies, trained, waiting, sign, tmp_path):
    """A second version with another input, other requirements, another file and another measure than the first."""
    sign(waiting, "reviewer", "reviewer2")
    folder = tmp_path / "second"
    shutil.copytree(trained["coronary-disease"], folder)
    (folder / "notes.txt").write_text("Trained once more.")
    proposed = json.loads((folder / "formulary.json").read_text())
    name = next(iter(proposed["inputs"]))
    proposed["inputs"][name]["label"] = "A question of the second version"
    (folder / "formulary.json").write_text(json.dumps(proposed))
    lines = (folder / "requirements.txt").read_text()
    (folder / "requirements.txt").write_text(lines + "\nwonderlib==1.2\n")
    run = {"metrics": {"auroc": 0.81}}
    with guard.unlocked():
        ModelVersion.objects.filter(pk=waiting.pk).update(run={"metrics": {"auroc": 0.78}})
    return actions.register(by=cast["scientist"], on=studies["demo"], slug="coronary", folder=folder, run=run)


def test_the_first_version_has_nothing_to_be_compared_with(waiting):
    assert difference.of(waiting).before is None


def test_a_second_version_is_laid_beside_the_first_in_plain_sentences(second, monkeypatch):
    said = {1: {"use": "adults"}, 2: {"use": "children"}}
    monkeypatch.setattr(bundle, "_COVERED", {"card": lambda version: said[version.number]})
    found = difference.of(second)

    sections = {section.key: section for section in found.sections}
    assert sections["metrics"].sentence == ("One measure of the source run is other than before: auroc (0.78 → 0.81).")
    assert sections["inputs"].sentence == "One input is other than before: A question of the second version."
    (change,) = sections["inputs"].changes
    assert change.after.startswith("question A question of the second version; type ")
    assert sections["environment"].sentence == "One part of the environment is new: wonderlib."
    assert sections["card"].sentence == "One entry under “Card” is other than before: use (adults → children)."
    files = {change.what: change.kind for change in sections["files"].changes}
    assert files == {"notes.txt": "new", "formulary.json": "changed", "requirements.txt": "changed"}
    assert "form and wording" in found.unchanged


def test_a_package_below_those_that_a_model_names_is_a_difference_with_its_version(second):
    before = difference.approved_before(second)
    lock = ["python==3.11", "numpy==2.4.1 --hash=sha256:" + "a" * 64, "threadpoolctl==3.5.0 --hash=sha256:" + "b" * 64]
    with guard.unlocked():
        for version, lines in ((before, lock), (second, [*lock[:2], "threadpoolctl==3.6.0 --hash=sha256:" + "c" * 64])):
            made = ModelEnvironment.objects.create(key=f"k{version.number}", requirements=[], lock=lines, digest="d")
            ModelVersion.objects.filter(pk=version.pk).update(environment=made)
    found = difference.of(ModelVersion.objects.get(pk=second.pk))
    (section,) = (one for one in found.sections if one.key == "environment")
    assert section.sentence == "One part of the environment is other than before: threadpoolctl (3.5.0 → 3.6.0)."


def test_no_file_is_read_while_somebody_waits_for_a_page(second, monkeypatch):
    before = difference.approved_before(second)
    assert before.facts["files"] == dict(artifacts.digests_of(before.digest)) != {}
    read = []
    monkeypatch.setattr(difference, "_digests", lambda digest: read.append(digest) or ())
    files = {section.key: section for section in difference.of(second).sections}["files"]
    assert ({change.what for change in files.changes}, read) == (
        {"notes.txt", "formulary.json", "requirements.txt"},
        [],
    )
    with guard.unlocked():
        older = {name: value for name, value in before.facts.items() if name != "files"}
        ModelVersion.objects.filter(pk=before.pk).update(facts=older)
    difference.of(second)
    assert read == [before.digest]


def test_two_equal_versions_show_no_difference_but_the_last_day(cast, studies, trained, waiting, sign, prove):
    version = sign(waiting, "reviewer", "reviewer2")
    again = actions.register(
        by=cast["scientist"], on=studies["demo"], slug="coronary", folder=trained["coronary-disease"]
    )
    actions.submit(by=cast["scientist"], on=again, expires_on=version.expires_on)
    prove(again)
    assert difference.of(again).sentences == []


def test_a_deputy_signs_in_the_seat_of_whoever_named_them_and_the_signature_says_so(cast, waiting, sign):
    seats.set_seats(by=SYSTEM, on=cast["reviewer2"], seats=[])
    until = clock.now().date() + timedelta(days=7)
    stand_in = access.add_person(
        by=SYSTEM, username="ada", name="Ada Lund", password="correct-horse-battery", role_names=["reviewer"]
    )
    deputies.name(by=cast["reviewer"], deputy=stand_in, until=until)

    signature = reviewing.approve(**signing_as(stand_in, waiting))
    assert (signature.seat, signature.printed_name, signature.behalf_name) == ("clinical", "Ada Lund", "Ruth Adler")
    assert told(stand_in) == ["deputy-named"]
    seats.set_seats(by=SYSTEM, on=cast["reviewer"], seats=["data-science"])
    assert refused(reviewing.approve, **signing_as(cast["reviewer"], waiting)) == "signed"
    seats.set_seats(by=SYSTEM, on=cast["reviewer2"], seats=["data-science"])
    assert sign(waiting, "reviewer2").state == "approved"
    assert require_runnable(ModelVersion.objects.get(pk=waiting.pk))


def test_a_deputy_signs_neither_for_an_author_nor_for_who_has_signed_nor_after_the_end(cast, waiting, sign):
    until = clock.now().date()
    deputies.name(by=cast["reviewer"], deputy=cast["reviewer2"], until=until)
    sign(waiting, "reviewer")
    assert refused(reviewing.approve, **signing_as(cast["reviewer2"], waiting, chair=f"clinical:{cast['reviewer'].public_id}")) == "seat-taken"  # fmt: skip
    with guard.unlocked():
        type(waiting.model).objects.update(owner=cast["reviewer2"])
    assert refused(reviewing.approve, **signing_as(cast["reviewer2"], waiting)) == "own-model"

    with guard.unlocked():
        cast["reviewer"].deputies.update(until=until - timedelta(days=1))
    assert [chair.key for chair in seats.chairs(cast["reviewer2"])] == ["data-science"]


def test_a_deputy_cannot_sign_for_the_owner_of_the_model(cast, waiting):
    deputies.name(by=cast["reviewer"], deputy=cast["reviewer2"], until=clock.now().date())
    seats.set_seats(by=SYSTEM, on=cast["reviewer2"], seats=[])
    with guard.unlocked():
        type(waiting.model).objects.update(owner=cast["reviewer"])
    assert refused(reviewing.approve, **signing_as(cast["reviewer2"], waiting)) == "own-model"


@pytest.mark.parametrize("days", [-1, 400])
def test_a_deputy_has_a_last_day_within_a_year(days, cast, waiting):
    with pytest.raises(BadInput, match="last day"):
        deputies.name(by=cast["reviewer"], deputy=cast["reviewer2"], until=clock.now().date() + timedelta(days=days))
    with pytest.raises(BadInput, match="another reviewer"):
        deputies.name(by=cast["reviewer"], deputy=cast["scientist"], until=clock.now().date())


def test_who_declared_an_interest_does_not_sign_and_the_others_read_why(cast, waiting, client):
    conflicts.declare(by=cast["reviewer"], on=waiting, reason="My brother made the training data.")
    for verb in (reviewing.approve, actions.refuse):
        assert refused(verb, **signing_as(cast["reviewer"], waiting)) == "interest"

    client.force_login(cast["reviewer2"], backend=BACKEND)
    page = client.get(reverse("oversight:approval", args=[waiting.public_id])).content.decode()
    assert "Ruth Adler does not sign for this model: My brother made the training data." in page


def test_who_has_signed_withdraws_before_declaring_an_interest(cast, waiting, sign):
    sign(waiting, "reviewer")
    assert refused(conflicts.declare, by=cast["reviewer"], on=waiting, reason="I forgot to say.") == "signed"


def test_whom_a_deputy_has_signed_for_declares_no_interest_over_that_approval(cast, waiting):
    deputies.name(by=cast["reviewer"], deputy=cast["reviewer2"], until=clock.now().date())
    reviewing.approve(**signing_as(cast["reviewer2"], waiting, chair=f"clinical:{cast['reviewer'].public_id}"))
    with pytest.raises(Conflict, match="has signed for you"):
        conflicts.declare(by=cast["reviewer"], on=waiting, reason="I forgot to say.")


def test_reviewers_narrow_the_wards_before_the_first_signature_and_never_widen_them(cast, wards, waiting, sign):
    first, second, *_ = CareUnit.objects.filter(practice=False).order_by("name")
    scope.narrow(by=cast["reviewer"], on=waiting, care_units=[first])
    assert list(waiting.care_units.all()) == [first]
    with pytest.raises(BadInput, match="not proposed"):
        scope.narrow(by=cast["reviewer"], on=waiting, care_units=[first, second])
    sign(waiting, "reviewer")
    with pytest.raises(Conflict, match="fixed once a reviewer has signed"):
        scope.narrow(by=cast["reviewer"], on=waiting, care_units=[first])


def test_a_version_is_proposed_by_a_page_for_wards_until_a_day_with_what_is_new(cast, wards, second, client):
    client.force_login(cast["scientist"], backend=BACKEND)
    page, ward = reverse("lab:submit", args=[second.public_id]), CareUnit.objects.filter(practice=False).first()
    day = (clock.now().date() + timedelta(days=90)).isoformat()
    given = {"changes": "", "expires_on": day, "where": "some", "wards": [ward.public_id]}

    assert "what is new since the version" in client.post(page, given).content.decode()
    assert "at least one ward" in client.post(page, given | {"wards": []}).content.decode()
    assert client.post(page, given | {"changes": "One question is worded anew."}).status_code == 302
    second.refresh_from_db()
    assert (second.state, second.expires_on.isoformat(), second.changes) == ("submitted", day, "One question is worded anew.")  # fmt: skip
    assert list(second.care_units.all()) == [ward]


def test_owner_and_committee_are_reminded_sixty_thirty_and_seven_days_before_once_each(
    cast, waiting, sign, monkeypatch
):
    version = sign(waiting, "reviewer", "reviewer2")
    before, sent = Notice.objects.count(), []
    for left in (61, 60, 60, 45, 30, 8, 7, 7, 0):
        now = localtime().replace(hour=12) + (version.expires_on - timedelta(days=left) - localtime().date())
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        sent.append(scope.remind(by=SYSTEM))
    assert sent == [0, 1, 0, 0, 1, 0, 1, 0, 0]
    assert Notice.objects.count() - before == 9
    assert told(cast["scientist"])[-3:] == ["model-expiring"] * 3


def test_what_waits_too_long_is_marked_as_overdue(cast, waiting, client, settings):
    settings.REVIEW_DAYS = 14
    with guard.unlocked():
        ModelVersion.objects.update(submitted_at=clock.now() - timedelta(days=15))
    (one,) = queries.queue(cast["reviewer"])
    assert (one.days, one.overdue) == (15, True)
    client.force_login(cast["reviewer"], backend=BACKEND)
    page = client.get(reverse("oversight:approvals")).content.decode()
    assert ("15 days" in page, "overdue" in page) == (True, True)


@pytest.fixture
def colleague(cast, studies):
    """Another scientist of the study."""
    person = access.add_person(
        by=SYSTEM, username="cora", name="Cora Nyberg", password="correct-horse-battery", role_names=["scientist"]
    )
    studying.add_member(by=SYSTEM, on=studies["demo"], person=person)
    return person


def test_a_model_is_handed_on_when_the_new_owner_accepts(cast, waiting, colleague):
    ownership.propose(by=cast["scientist"], on=waiting, to=colleague, words="I move to another ward.")
    waiting.model.refresh_from_db()
    assert waiting.model.owner == cast["scientist"]
    assert refused(ownership.answer, by=cast["scientist"], on=waiting, accepted=True) == "not-asked"

    ownership.answer(by=colleague, on=waiting, accepted=True)
    waiting.model.refresh_from_db()
    assert waiting.model.owner == colleague
    assert (told(colleague), told(cast["scientist"])) == (["owner-asked"], ["owner-answered"])


def test_who_declines_owns_nothing(cast, waiting, colleague):
    ownership.propose(by=cast["reviewer"], on=waiting, to=colleague)
    ownership.answer(by=colleague, on=waiting, accepted=False)
    waiting.model.refresh_from_db()
    assert waiting.model.owner == cast["scientist"]
    assert ownership.waiting(waiting.model) is None


def test_nobody_outside_the_study_is_asked(cast, waiting):
    with pytest.raises(BadInput, match="works in the model"):
        ownership.propose(by=cast["scientist"], on=waiting, to=cast["scientist2"])


def test_a_model_without_an_owner_is_stopped_after_the_grace_and_runs_again_only_signed(
    cast, waiting, sign, colleague, monkeypatch
):
    version = sign(waiting, "reviewer", "reviewer2")
    assert ownership.watch(by=SYSTEM) == 0
    access.deactivate(by=SYSTEM, on=cast["scientist"])
    assert ownership.watch(by=SYSTEM) == 1
    assert [told(cast[name])[-1] for name in ("reviewer", "reviewer2")] == ["owner-missing"] * 2
    assert ownership.watch(by=SYSTEM) == 0
    require_runnable(ModelVersion.objects.get(pk=version.pk))

    later = clock.now() + timedelta(days=15)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert ownership.watch(by=SYSTEM) == 1
    version.refresh_from_db()
    assert (version.state, refused(require_runnable, version=version)) == ("suspended", "version-stopped")
    resume = signing_as(cast["reviewer"], version, reason="It has an owner again.")
    assert refused(actions.resume, **resume) == "no-owner"

    ownership.propose(by=cast["reviewer"], on=version, to=colleague)
    ownership.answer(by=colleague, on=version, accepted=True)
    version.refresh_from_db()
    assert version.state == "suspended"
    actions.resume(**resume)
    version.refresh_from_db()
    assert (version.state, version.signatures.last().meaning) == ("approved", "resumption")


def test_an_owner_who_comes_back_into_the_study_in_time_stops_nothing(cast, studies, waiting, sign):
    version = sign(waiting, "reviewer", "reviewer2")
    access.deactivate(by=SYSTEM, on=cast["scientist"])
    ownership.watch(by=SYSTEM)
    access.reactivate(by=cast["admin"], on=cast["scientist"])
    assert ownership.watch(by=SYSTEM) == 0
    access.set_roles(by=SYSTEM, on=cast["scientist"], role_names=["scientist"])
    studying.add_member(by=SYSTEM, on=studies["demo"], person=cast["scientist"])
    assert ownership.watch(by=SYSTEM) == 1
    version.model.refresh_from_db()
    assert version.model.ownerless_since is None


def test_name_moment_and_meaning_stand_on_the_screen_and_on_the_paper(cast, waiting, sign, client):
    version = sign(waiting, "reviewer", "reviewer2")
    client.force_login(cast["clinician"], backend=BACKEND)
    screen = client.get(reverse("lab:version", args=[version.public_id])).content.decode()
    answer = client.get(reverse("lab:approval-paper", args=[version.public_id]))
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")

    printed = paper.values_of(version, list(version.signatures.all()), "Somebody")
    assert printed["state"] == "The signatures cover this version as it stands now. It is approved."
    for one, signature in zip(printed["signatures"], version.signatures.all(), strict=True):
        rows = dict(one["rows"])
        at = localtime(signature.signed_at)
        assert (one["name"], one["meaning"]) == (signature.printed_name, "approves")
        assert rows["Signed"].startswith(f"{at:%-d %b %Y, %H:%M}")
        assert signature.meaning_code in rows["Meaning"]
        assert signature.printed_name in screen and f"{at:%-d %b %Y, %H:%M}" in screen
    assert len(printed["signatures"][0]["checklist"]) == len(checklist.POINTS)


def test_paper_of_a_touched_version_says_so(cast, waiting, sign):
    version = sign(waiting, "reviewer", "reviewer2")
    with guard.unlocked():
        version.signatures.update(reason="Not what was written.")
    assert "was changed after it was given" in paper.values_of(version, list(version.signatures.all()), "x")["state"]
    assert signing.approvals(version) == []
