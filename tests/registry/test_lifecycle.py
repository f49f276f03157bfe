"""A version on its way to the ward and back."""

import json
import shutil
import time
from datetime import timedelta

import pytest

from portal.access import policy
from portal.accounts.factors import Proof
from portal.core import clock, guard
from portal.core.problems import BadInput, Conflict
from portal.predictions import actions as predictions
from portal.registry import actions, artifacts, queries, signing
from portal.registry.models import ModelVersion
from portal.registry.standing import require_runnable
from portal.registry.studio import actions as studio
from tests import reviewing

pytestmark = pytest.mark.django_db


def proof(person) -> Proof:
    return Proof(person.pk, clock.now())


@pytest.fixture
def submitted(cast, studies, trained, prove):
    version = actions.register(
        by=cast["scientist"], on=studies["demo"], slug="cox", folder=trained["breast-cancer-recurrence"]
    )
    prove(version)
    version.refresh_from_db()
    return version


def test_two_different_reviewers_approve(cast, submitted):
    for name, state in (("reviewer", "in_review"), ("reviewer2", "approved")):
        reviewing.approve(by=cast[name], on=submitted, reason="Read it all.", proof=proof(cast[name]))
        submitted.refresh_from_db()
        assert submitted.state == state


def test_the_same_bytes_under_two_names_are_shown_to_whoever_reviews(cast, studies, submitted, trained, client):
    folder = trained["breast-cancer-recurrence"]
    copy = actions.register(by=cast["scientist2"], on=studies["other"], slug="cox-again", folder=folder)
    actions.register(by=cast["scientist"], on=studies["demo"], slug="coronary", folder=trained["coronary-disease"])
    assert queries.twins(cast["reviewer"], submitted) == []
    actions.submit(by=cast["scientist2"], on=copy)
    assert queries.twins(cast["reviewer"], submitted) == [copy]
    assert queries.twins(cast["scientist"], submitted) == []

    client.force_login(cast["reviewer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(f"/oversight/approvals/{submitted.public_id}/").content.decode()
    assert "The very same files stand here already:" in page
    assert "Recurrence-free survival after breast cancer surgery, version 1 (submitted, study Another study)" in page


def test_nobody_signs_for_a_version_that_is_another_than_the_page_showed(cast, submitted, prove):
    seen = signing.payload_sha256(submitted)
    studio.change_form(
        by=cast["reviewer2"], on=submitted, overlay=submitted.overlay | {"summary": "Changed meanwhile."}, why="A test."
    )
    for verb in (reviewing.approve, actions.refuse):
        with pytest.raises(Conflict, match="has changed since this page was opened"):
            verb(by=cast["reviewer"], on=submitted, reason="Read it all.", proof=proof(cast["reviewer"]), seen=seen)
    assert submitted.signatures.count() == 0

    submitted.refresh_from_db()
    prove(submitted)
    now = signing.payload_sha256(submitted)
    reviewing.approve(by=cast["reviewer"], on=submitted, reason="Read it.", proof=proof(cast["reviewer"]), seen=now)
    assert submitted.signatures.count() == 1


def test_one_reviewer_does_not_sign_twice(cast, submitted):
    reviewing.approve(by=cast["reviewer"], on=submitted, reason="Read it all.", proof=proof(cast["reviewer"]))

    with pytest.raises(Conflict, match="another reviewer"):
        reviewing.approve(by=cast["reviewer"], on=submitted, reason="Once more.", proof=proof(cast["reviewer"]))


def test_nobody_approves_their_own_model(cast, studies, trained):
    from portal.access.actions import set_roles

    set_roles(by=cast["admin"], on=cast["scientist"], role_names=["scientist", "reviewer"])
    version = actions.register(by=cast["scientist"], on=studies["demo"], slug="own", folder=trained["coronary-disease"])
    actions.submit(by=cast["scientist"], on=version)

    with pytest.raises(Conflict, match="their own model"):
        reviewing.approve(by=cast["scientist"], on=version, reason="Mine is good.", proof=proof(cast["scientist"]))


def test_another_persons_proof_does_not_sign(cast, submitted):
    with pytest.raises(BadInput, match="password and a current one-time code"):
        reviewing.approve(by=cast["reviewer"], on=submitted, reason="Read it all.", proof=proof(cast["reviewer2"]))


def tamper(version):
    with guard.unlocked():
        ModelVersion.objects.filter(pk=version.pk).update(overlay={**version.overlay, "title": "Something else"})


def test_a_changed_form_voids_the_signatures(cast, submitted):
    for name in ("reviewer", "reviewer2"):
        reviewing.approve(by=cast[name], on=submitted, reason="Read it all.", proof=proof(cast[name]))
    version = ModelVersion.objects.get(pk=submitted.pk)
    require_runnable(version)
    tamper(version)

    with pytest.raises(Conflict, match="do not cover it"):
        require_runnable(version)


def test_what_a_version_rests_on_is_worked_out_anew_every_few_seconds(cast, submitted, settings):
    settings.STANDING_SECONDS = 0.2
    for name in ("reviewer", "reviewer2"):
        reviewing.approve(by=cast[name], on=submitted, reason="Read it all.", proof=proof(cast[name]))
    version = ModelVersion.objects.get(pk=submitted.pk)
    kept = require_runnable(version)
    tamper(version)

    assert require_runnable(version) is kept
    time.sleep(0.25)
    with pytest.raises(Conflict, match="do not cover it"):
        require_runnable(version)


def test_a_stop_is_not_kept_waiting_by_what_was_worked_out_before(cast, submitted, settings):
    settings.STANDING_SECONDS = 60
    for name in ("reviewer", "reviewer2"):
        reviewing.approve(by=cast[name], on=submitted, reason="Read it all.", proof=proof(cast[name]))
    require_runnable(ModelVersion.objects.get(pk=submitted.pk))
    actions.stop(by=cast["reviewer"], on=submitted, reason="Wrong unit in the form.")

    with pytest.raises(Conflict, match="was stopped: Wrong unit"):
        require_runnable(ModelVersion.objects.get(pk=submitted.pk))


def test_an_expired_approval_does_not_run(cast, submitted):
    for name in ("reviewer", "reviewer2"):
        reviewing.approve(by=cast[name], on=submitted, reason="Read it all.", proof=proof(cast[name]))
    version = ModelVersion.objects.get(pk=submitted.pk)
    version.expires_on = clock.now().date().replace(year=2020)

    with pytest.raises(Conflict, match="approval of .* ended on"):
        require_runnable(version)


def test_an_older_version_that_is_still_approved_stands_in_for_an_expired_one(cast, unplanned):
    over = clock.now().date() - timedelta(days=1)
    with guard.unlocked():
        newer = ModelVersion.objects.get(pk=unplanned.pk)
        newer.pk, newer.public_id, newer.number, newer.expires_on = None, "mvnewer", 2, over
        newer._state.adding = True
        newer.save(force_insert=True)
    assert queries.runnable(cast["clinician"]) == [unplanned]
    chosen = predictions.choose_version(by=cast["clinician"], slug=unplanned.model.slug, number=None)
    assert chosen == unplanned
    with guard.unlocked():
        ModelVersion.objects.filter(pk=unplanned.pk).update(expires_on=over)
    assert queries.runnable(cast["clinician"]) == []


def test_a_scientist_of_another_study_sees_nothing(cast, submitted):
    with pytest.raises(policy.Denied) as refusal:
        actions.open_version(by=cast["scientist2"], on=submitted.public_id)
    assert refusal.value.status == 404


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda folder: (folder / "MLmodel").unlink(), "no MLmodel file"),
        (lambda folder: (folder / "MLmodel").write_text("a: [1"), "not readable YAML"),
        (lambda folder: (folder / "MLmodel").write_text("flavors: {python_function: {}}"), "infer_signature"),
        (lambda folder: (folder / "MLmodel").write_text("flavors: {x: {data: ../secret}}"), "outside its own folder"),
        (lambda folder: (folder / "formulary.json").write_text("{"), "not valid JSON"),
        (
            lambda folder: (folder / "formulary.json").write_text(json.dumps({"inputs": {"colour": {}}})),
            "does not have: colour",
        ),
        (lambda folder: (folder / "link").symlink_to("/etc/passwd"), "a link or a device"),
    ],
)
def test_a_folder_that_cannot_become_a_model_is_refused_with_what_to_do(
    spoil, sentence, cast, studies, trained, tmp_path
):
    folder = tmp_path / "model"
    shutil.copytree(trained["coronary-disease"], folder)
    spoil(folder)

    with pytest.raises(BadInput, match=sentence):
        actions.register(by=cast["scientist"], on=studies["demo"], slug="bad", folder=folder)
    assert not ModelVersion.objects.exists()


def test_a_wrong_digest_registers_nothing(cast, studies, trained):
    with pytest.raises(BadInput, match="Nothing was registered"):
        actions.register(
            by=cast["scientist"], on=studies["demo"], slug="cox", folder=trained["coronary-disease"], digest="0" * 64
        )


def test_stored_files_are_read_only(submitted):
    modes = {path.stat().st_mode & 0o222 for path in artifacts.path_of(submitted.digest).rglob("*")}
    assert modes == {0}
