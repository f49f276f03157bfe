"""How reliable a version is here: from results whose time is over, for those who may see the result or the version."""

from datetime import timedelta

import pytest

from portal.access import policy
from portal.access.actors import SYSTEM
from portal.core import clock, guard
from portal.core.ids import new_id
from portal.monitoring import reliability
from portal.monitoring.models import Reliability
from portal.predictions import outcomes, retraction
from portal.predictions.models import Envelope, Outcome, Prediction
from portal.records.models import Patient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def history(result):
    """Past results with what came of them, which no action of the portal makes: `history(n, share, hits, days)`."""

    def add(n: int, share=0.2, hits=0, days=500) -> list[Prediction]:
        with guard.unlocked():
            model = Prediction.objects.select_related("job", "patient").get(public_id=result)
            return [past(model, place, share, place < hits, days) for place in range(n)]

    return add


def past(model: Prediction, place: int, share: float, happened: bool, days: int) -> Prediction:
    """A result like another one, of somebody else, some days ago, with what came of it."""
    content = model.envelope.content
    then = clock.now() - timedelta(days=days)
    job, person, row = (type(old).objects.get(pk=old.pk) for old in (model.job, model.patient, model))
    for new in (job, person, row):
        new.pk, new.public_id = None, new_id()
    job.subject = row.public_id
    person.source_index, person.care_unit, person.person = (
        new_id(),
        None,
        person.person | {"sex": "male" if place % 3 else "female"},
    )
    job.save()
    person.save()
    row.job, row.patient, row.created_at = job, person, then
    row.save()
    Envelope.objects.create(prediction=row, content=content | {"reading": content["reading"] | {"share": share}})
    facts = {
        "state": "yes" if happened else "no",
        "share": share,
        "sex": person.person["sex"],
        "age": 60,
        "run": then.date().isoformat(),
    }
    Outcome.objects.create(prediction=row, is_open=False, due_on=then.date() + timedelta(days=365), content=facts)
    return row


def share_of(result) -> float:
    with guard.unlocked():
        return Envelope.objects.get(prediction__public_id=result).content["reading"]["share"]


def counted(version):
    with guard.unlocked():
        week_ago = clock.now() - reliability.STANDING
        Reliability.objects.update_or_create(version=version, defaults={"is_stale": True, "at": week_ago})
    return reliability.refresh(by=SYSTEM)


def test_before_anything_is_known_it_says_so_and_shows_the_held_out_check(cast, result):
    found = reliability.beside(by=cast["clinician"], on=result)

    assert (
        found.warning
        == "Not checked on patients of this hospital yet: fewer than 11 people have a result old enough to know what happened."
    )
    assert (found.band, found.overdue, found.held.n) == (None, False, 1500)
    assert found.held.here.start <= share_of(result) <= found.held.here.end


def test_results_in_the_same_band_are_told_with_their_interval_and_days(cast, result, history, unplanned):
    share = share_of(result)
    history(34, share, hits=10, days=500)
    history(5, share, days=100)
    assert counted(unplanned) == 1

    found = reliability.beside(by=cast["clinician"], on=result)
    day = (clock.now() - timedelta(days=500)).date().isoformat()
    band = found.band
    assert (band.n, round(band.value, 2), round(band.low, 2), round(band.high, 2)) == (34, 0.29, 0.17, 0.46)
    assert (found.days, found.warning) == ((day, day), "")


def test_fewer_than_eleven_people_are_not_told(cast, result, history, unplanned):
    history(10, share_of(result), hits=3)
    counted(unplanned)

    found = reliability.beside(by=cast["clinician"], on=result)
    page = reliability.open_page(by=cast["clinician"], on=unplanned.public_id)
    assert (found.band.told, found.days, page.whole.told, page.alerts, page.days) == (False, (), False, None, ())
    assert [share.told for share in (*page.bands, *page.bins)] == [False] * 13


def test_a_retracted_result_is_counted_no_more(cast, result, history, unplanned):
    made = history(12, 0.2, hits=3)
    with guard.unlocked():
        Prediction.objects.filter(pk=made[0].pk).update(retracted_at=clock.now())
    counted(unplanned)

    assert reliability.open_page(by=cast["scientist"], on=unplanned.public_id).whole.n == 11


def test_the_page_says_what_happens_at_the_threshold_and_in_groups(cast, result, history, unplanned):
    history(40, 0.5, hits=24)
    history(60, 0.05, hits=6)
    counted(unplanned)

    page = reliability.open_page(by=cast["reviewer"], on=unplanned.public_id)
    assert (page.threshold, page.alerts.value, page.ppv.value, page.sensitivity.value) == (0.3, 0.4, 0.6, 0.8)
    groups = {title: [(group.share.label, group.share.n) for group in cells] for title, cells in page.groups}
    assert groups == {"Sex": [("female", 34), ("male", 66)], "Age": [("45 to 64", 100)]}
    assert page.whole.predicted == pytest.approx(0.23)


@pytest.mark.parametrize(("people", "anew"), [(9, 1), (12, 0)])
def test_what_is_told_stands_for_a_week_and_what_is_not_is_counted_anew_when_something_was_learnt(
    cast, result, history, unplanned, patient, people, anew
):
    history(people)
    counted(unplanned)
    assert reliability.refresh(by=SYSTEM) == 0
    with guard.unlocked():
        Prediction.objects.filter(public_id=result).update(created_at=clock.now() - timedelta(days=400))
    outcomes.settle(by=SYSTEM, patients=_rows(patient))
    assert reliability.refresh(by=SYSTEM) == anew
    with guard.unlocked():
        Reliability.objects.update(at=clock.now() - reliability.STANDING)
    assert reliability.refresh(by=SYSTEM) == 1
    assert reliability.open_page(by=cast["scientist"], on=unplanned.public_id).whole.n == (
        people + 1 if people == 12 else None
    )


def _rows(patient) -> list[Patient]:
    with guard.unlocked():
        return list(Patient.objects.filter(public_id=patient))


def test_a_check_that_is_old_or_was_never_made_is_overdue(cast, result, history, unplanned):
    history(20, days=1000)
    counted(unplanned)
    found = reliability.beside(by=cast["clinician"], on=result)
    assert (found.warning, found.overdue) == (
        "The check on patients of this hospital is more than six months old.",
        True,
    )

    with guard.unlocked():
        Reliability.objects.all().delete()
        type(unplanned).objects.update(approved_at=clock.now() - timedelta(days=600))
    assert reliability.beside(by=cast["clinician"], on=result).overdue


def test_that_nobody_chose_what_to_count_is_said_calmly_until_the_check_is_overdue(cast, result, unplanned):
    bare = {name: value for name, value in unplanned.overlay.items() if name != "outcome"}
    found = []
    for days in (1, 200):
        with guard.unlocked():
            type(unplanned).objects.update(overlay=bare, approved_at=clock.now() - timedelta(days=days))
        found.append(reliability.beside(by=cast["clinician"], on=result))

    assert [one.overdue for one in found] == [False, True]
    assert {one.warning for one in found} == {
        "Not checked on patients of this hospital: nothing says yet which later entry of a record tells how it turned out."
        " Whoever registers its next version can set it up."
    }


def test_who_may_not_see_the_result_or_the_version_learns_nothing(cast, result, unplanned):
    for work in (
        lambda: reliability.beside(by=cast["clinician2"], on=result),
        lambda: reliability.open_page(by=cast["scientist2"], on=unplanned.public_id),
    ):
        with pytest.raises(policy.Denied) as refusal:
            work()
        assert refusal.value.status == 404


def test_the_page_is_shown_and_says_how_often_it_is_not_followed(client, cast, result, history, unplanned):
    history(40, 0.5, hits=24)
    history(3, 0.05)
    counted(unplanned)
    client.force_login(cast["scientist"], backend="allauth.account.auth_backends.AuthenticationBackend")

    text = client.get(f"/lab/versions/{unplanned.public_id}/calibration/").content.decode()
    assert "Of 43 results here, 56 % had the outcome; 47 % were predicted to." in text
    assert "Nobody has given an opinion on its results in the last 90 days." in text
    retraction.retract(by=cast["clinician"], on=result, code="wrong-input")


def test_a_share_of_survivors_is_counted_by_what_is_left_of_it(cast, result, history, unplanned):
    history(20, share=0.2, hits=4)
    counted(unplanned)
    with guard.unlocked():
        row = Envelope.objects.get(prediction__public_id=result)
        row.content = row.content | {"reading": row.content["reading"] | {"kind": "survival", "share": 0.75}}
        row.save(update_fields=("content",))

    found = reliability.beside(by=cast["clinician"], on=result)
    assert (found.label, found.band.n, found.band.value) == ("Raised", 20, 0.2)
    assert found.held.here.start <= 0.25 <= found.held.here.end


@pytest.mark.parametrize(
    ("reading", "share"),
    [
        ({"kind": "risk", "share": 0.2}, 0.2),
        ({"kind": "survival", "share": 0.75}, 0.25),
        ({"kind": "signal", "share": 0.75}, None),
        ({"kind": "abstained"}, None),
    ],
)
def test_how_likely_the_outcome_is_said_to_be(reading, share):
    assert outcomes.event_share(reading) == share
