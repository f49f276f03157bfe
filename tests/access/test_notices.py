"""What a person is told, and how the post keeps to their hours."""

import json
import sys
import threading
from datetime import UTC, datetime, time, timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from portal.access import notices, post, preferences, schedule
from portal.access.actors import SYSTEM
from portal.access.kinds import KINDS, reaching
from portal.access.models import Notice
from portal.access.roles import ROLES
from portal.access.schedule import Rhythm, Way
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.core import clock, guard
from portal.core.problems import BadInput

NOON = datetime(2026, 11, 8, 12, tzinfo=UTC)
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")]
hours = st.times().map(lambda found: found.replace(microsecond=0, second=0))
rhythms = st.builds(
    Rhythm, hours, st.none() | st.tuples(hours, hours).filter(lambda pair: pair[0] != pair[1]), st.sampled_from(ZONES)
)
# The whole of a year, so that both changes of the clock are among them.
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@given(st.sampled_from([Way.NOW, Way.DIGEST]), st.booleans(), moments, rhythms)
def test_nothing_is_due_in_quiet_hours_unless_it_is_urgent_and_everything_within_three_days(
    way, urgent, told_at, rhythm
):
    due = schedule.due(way, urgent=urgent, told_at=told_at, rhythm=rhythm)

    assert told_at <= due <= told_at + timedelta(days=3)
    assert urgent or not schedule.is_quiet(due, rhythm)


@given(moments, rhythms, st.booleans())
def test_what_is_told_at_once_waits_for_nothing_but_the_end_of_the_quiet_hours(told_at, rhythm, urgent):
    due = schedule.due(Way.NOW, urgent=urgent, told_at=told_at, rhythm=rhythm)

    if urgent or not schedule.is_quiet(told_at, rhythm):
        assert due == told_at
    else:
        changed = told_at.astimezone(rhythm.zone).utcoffset() != due.astimezone(rhythm.zone).utcoffset()
        assert changed or schedule.is_quiet(due - timedelta(microseconds=1), rhythm)
        assert due - told_at <= timedelta(hours=25)


@given(moments, rhythms)
def test_a_digest_without_quiet_hours_comes_at_its_hour_within_a_day_and_the_change_of_the_clock(told_at, rhythm):
    rhythm = Rhythm(rhythm.digest_at, None, rhythm.zone)
    due = schedule.due(Way.DIGEST, urgent=False, told_at=told_at, rhythm=rhythm)

    wall = due.astimezone(rhythm.zone)
    shown = datetime.combine(wall.date(), rhythm.digest_at, tzinfo=rhythm.zone)
    exists = shown.astimezone(UTC).astimezone(rhythm.zone).time() == rhythm.digest_at
    assert due - told_at <= timedelta(hours=25)
    assert wall.time() == rhythm.digest_at or not exists


@given(
    st.lists(st.tuples(moments, st.sampled_from(list(Way)), st.booleans()), max_size=6), rhythms,
    st.lists(st.timedeltas(timedelta(seconds=1), timedelta(hours=30)), max_size=40),
)  # fmt: skip
def test_a_keeper_that_comes_whenever_it_can_mails_each_notice_once_and_never_at_a_quiet_hour(told, rhythm, pauses):
    """The keeper as it works on rows: due ones are held back or sent; it may be away for more than a day."""
    rows = [{"at": at, "urgent": urgent, "due": schedule.due(way, urgent=urgent, told_at=at, rhythm=rhythm),
             "way": way, "sent": []} for at, way, urgent in told]  # fmt: skip
    now = min([row["at"] for row in rows], default=NOON)
    for pause in pauses:
        now += pause
        come(rows, now, rhythm)
    # From now on it is there whenever something is due.
    for _ in range(2 * len(rows)):
        now = max(now, min((row["due"] for row in rows if row["due"] and not row["sent"]), default=now))
        come(rows, now, rhythm)
    for row in rows:
        assert len(row["sent"]) == (row["way"] != Way.NOT)
        assert all(row["urgent"] or not schedule.is_quiet(at, rhythm) for at in row["sent"])


def come(rows: list[dict], now: datetime, rhythm: Rhythm) -> None:
    for row in rows:
        if row["due"] is None or row["sent"] or row["due"] > now:
            continue
        row["due"] = schedule.held_until(now, urgent=row["urgent"], rhythm=rhythm)
        if row["due"] <= now:
            row["sent"].append(now)


@pytest.mark.parametrize(
    ("zone", "told", "due"),
    [
        # The night on which 02:30 does not exist, and the one on which it comes twice.
        ("Europe/Berlin", datetime(2026, 3, 29, 0, 45, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 25, 0, 15, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, 15, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_quiet_hours_end_also_on_the_nights_on_which_the_clock_is_changed(zone, told, due):
    rhythm = Rhythm(time(7), (time(22), time(2, 30)), ZoneInfo(zone))

    assert schedule.due(Way.NOW, urgent=False, told_at=told, rhythm=rhythm) == due


def test_every_kind_reaches_a_role_that_exists_and_says_one_and_many():
    for name, kind in KINDS.items():
        assert (name, set(kind.roles) <= set(ROLES), bool(kind.roles), "{}" in kind.many) == (name, True, True, True)
        assert len(name) <= Notice._meta.get_field("kind").max_length
    assert [name for name, kind in KINDS.items() if kind.urgent and not kind.safety] == []


def told(*, people, kind, about=""):
    """Tell people something, as the actions do that are its cause."""
    with guard.unlocked():
        notices.tell(people, kind, about)


@pytest.fixture
def nurse(cast, monkeypatch):
    """A clinician with an address, at noon."""
    at(monkeypatch, NOON)
    User.objects.filter(username="clinician").update(email="amara@example.org")
    return User.objects.get(username="clinician")


def at(monkeypatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


def choose(person, *, mail=None, counted=None, quiet=(None, None), digest_at=time(7)):
    everything = list(reaching(person.role_names))
    preferences.change(
        by=person, mail=mail or {}, counted=everything if counted is None else counted, quiet=quiet, digest_at=digest_at
    )


def sent() -> list[tuple]:
    found = [(message.to[0], message.body.split("\n\n")[0]) for message in mail.outbox]
    mail.outbox.clear()
    return found


def test_without_any_choice_a_share_is_mailed_at_once_and_the_daily_digest_says_how_often_the_rest_came(
    nurse, monkeypatch
):
    for kind in ("share-made", "share-ended", "share-ended", "emergency-digest"):
        told(people=[nurse], kind=kind)
    post.mail(by=SYSTEM)
    at_once = sent()
    at(monkeypatch, NOON + timedelta(hours=18))
    post.mail(by=SYSTEM)
    early = sent()
    at(monkeypatch, NOON + timedelta(hours=19))
    post.mail(by=SYSTEM)

    assert at_once == [("amara@example.org", "A colleague shared a patient with you.")]
    assert early == []
    assert sent() == [
        (
            "amara@example.org",
            "- Colleagues took back 2 shares.\n- People of a ward that you lead used emergency access in the last day. "
            "The privacy office reviews it.",
        )
    ]


def test_a_mail_has_a_subject_that_says_nothing_and_one_link_without_an_id(nurse, settings):
    settings.PORTAL_URL = "https://formulary.example"
    told(people=[nurse], kind="result-shown", about="zebra-id")
    post.mail(by=SYSTEM)

    (message,) = mail.outbox
    links = [word for word in message.body.split() if "://" in word]
    assert message.subject == "Formulary: something waits for you"
    assert links == ["https://formulary.example/account/notices/"]
    assert ("zebra" in message.body, "Amara" in message.body, message.alternatives) == (False, False, [])


def test_quiet_hours_hold_back_all_but_what_is_urgent_and_it_comes_together_when_they_end(cast, monkeypatch):
    at(monkeypatch, NOON)
    User.objects.filter(username="reviewer").update(email="ines@example.org")
    reviewer = User.objects.get(username="reviewer")
    choose(reviewer, quiet=(time(11), time(14)))
    for kind in ("incident-made", "incident-harm", "incident-made"):
        told(people=[reviewer], kind=kind)
    post.mail(by=SYSTEM)
    in_quiet_hours = sent()
    at(monkeypatch, NOON + timedelta(hours=2))
    post.mail(by=SYSTEM)

    assert in_quiet_hours == [("ines@example.org", KINDS["incident-harm"].text)]
    assert sent() == [("ines@example.org", KINDS["incident-made"].words(2))]


def test_what_was_due_while_the_keeper_was_away_still_waits_for_the_end_of_the_quiet_hours(nurse, monkeypatch):
    told(people=[nurse], kind="share-made")
    choose(nurse, quiet=(time(20), time(6)))
    at(monkeypatch, NOON + timedelta(hours=9))
    post.mail(by=SYSTEM)
    at_nine_in_the_evening = sent()
    at(monkeypatch, NOON + timedelta(hours=18))
    post.mail(by=SYSTEM)

    assert (at_nine_in_the_evening, len(sent())) == ([], 1)


def test_what_was_read_in_the_portal_is_not_mailed(nurse):
    told(people=[nurse], kind="share-made")
    notices.read_all(by=nurse)
    post.mail(by=SYSTEM)

    assert sent() == []


def test_a_choice_holds_for_what_already_waits(nurse, monkeypatch):
    told(people=[nurse], kind="share-made")
    told(people=[nurse], kind="result-retracted")
    choose(nurse, mail={"share-made": "not", "result-retracted": "digest"}, counted=["result-retracted"])
    post.mail(by=SYSTEM)
    at_once, counted = sent(), notices.unread_count(by=nurse)
    at(monkeypatch, NOON + timedelta(days=1))
    post.mail(by=SYSTEM)

    assert (at_once, counted) == ([], 1)
    assert sent() == [("amara@example.org", KINDS["result-retracted"].text)]


def test_safety_kinds_cannot_be_switched_off(nurse):
    with pytest.raises(BadInput) as refused:
        choose(nurse, mail={"result-retracted": "not"})
    choose(nurse, counted=[])
    for kind in ("result-retracted", "share-made"):
        told(people=[nurse], kind=kind)

    assert list(refused.value.errors) == ["mail-result-retracted"]
    assert notices.unread_count(by=nurse) == 1


def test_kinds_that_cannot_reach_a_person_are_neither_offered_nor_kept(nurse):
    choose(nurse, mail={"sealed-account": "digest", "share-made": "digest"})

    chosen, kinds = preferences.open_settings(by=nurse)
    assert (chosen.mail, "sealed-account" in kinds, "share-made" in kinds) == ({"share-made": "digest"}, False, True)


@pytest.mark.parametrize(
    ("quiet", "digest_at", "wrong"),
    [
        ((time(22), None), time(7), ["quiet-until"]),
        ((time(22), time(22)), time(7), ["quiet-until"]),
        ((None, None), None, ["digest-at"]),
    ],
)
def test_hours_that_make_no_sense_are_named(nurse, quiet, digest_at, wrong):
    with pytest.raises(BadInput) as refused:
        choose(nurse, quiet=quiet, digest_at=digest_at)

    assert list(refused.value.errors) == wrong


def test_what_was_chosen_is_an_event_in_codes(nurse):
    choose(nurse, mail={"share-made": "digest"}, counted=[])

    event = AuditEvent.objects.get(verb="notice.settings-changed")
    detail = json.loads(event.payload)["detail"]
    assert (event.actor, detail["mailed"], "share-made" in detail["uncounted"]) == (
        "clinician", {"share-made": "digest"}, True,
    )  # fmt: skip


class Broken(EmailBackend):
    """A mail server that refuses one address and then goes away."""

    def send_messages(self, messages):
        if messages[0].to == ["bad@example.org"]:
            raise SMTPRecipientsRefused({"bad@example.org": (550, b"no such person")})
        if Broken.away:
            raise SMTPServerDisconnected
        return super().send_messages(messages)


def test_a_mail_server_that_is_away_is_tried_again_and_one_bad_address_holds_up_nobody(
    nurse, cast, settings, monkeypatch
):
    settings.EMAIL_BACKEND = "tests.access.test_notices.Broken"
    User.objects.filter(username="clinician2").update(email="bad@example.org")
    told(people=[User.objects.get(username="clinician2"), nurse], kind="share-made")
    Broken.away = True
    post.mail(by=SYSTEM)
    while_away, events = sent(), AuditEvent.objects.filter(verb="notice.mailed").count()
    Broken.away = False
    post.mail(by=SYSTEM)
    back = sent()
    at(monkeypatch, NOON + timedelta(days=4))
    post.mail(by=SYSTEM)
    at(monkeypatch, NOON + timedelta(days=5))

    assert (while_away, events, [to for to, _ in back]) == ([], 0, ["amara@example.org"])
    assert Notice.objects.filter(due_at__lte=clock.now(), mailed_at=None).count() == 0
    assert AuditEvent.objects.filter(verb="notice.mailed").count() == 1


def test_a_keeper_that_dies_after_handing_the_mail_in_sends_it_again(nurse, monkeypatch):
    told(people=[nurse], kind="share-made")

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        hand_in = post._hand_in
        patch.setattr(post, "_hand_in", lambda *args: (hand_in(*args), sys.exit()))
        post.mail(by=SYSTEM)
    post.mail(by=SYSTEM)
    post.mail(by=SYSTEM)

    assert len(sent()) == 2


@pytest.mark.django_db(transaction=True)
def test_two_keepers_at_once_send_one_mail_to_each(cast, monkeypatch):
    people = list(User.objects.filter(username__in=["clinician", "clinician2", "scientist", "reviewer"]))
    for person in people:
        User.objects.filter(pk=person.pk).update(email=f"{person.username}@example.org")
    told(people=people, kind="share-made")
    told(people=people, kind="share-made")
    together = threading.Barrier(2)

    def keeper():
        together.wait()
        post.mail(by=SYSTEM)
        connection.close()

    threads = [threading.Thread(target=keeper) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(to for to, _ in sent()) == sorted(f"{person.username}@example.org" for person in people)


def test_who_lost_sight_of_a_patient_finds_the_words_alone(cast, patient):
    from portal.records import sharing

    colleague = cast["clinician2"]
    until = clock.now() + timedelta(days=2)
    grant = sharing.share(by=cast["clinician"], on=patient, username="clinician2", words="A second look.", until=until)
    (before,) = notices.open_notices(by=colleague)
    from portal.access import holdings

    holdings.end_grant(by=cast["clinician"], on=grant.public_id)
    after = {row.notice.kind: row for row in notices.open_notices(by=colleague)}

    assert (before.subject.kind, before.subject.id, before.subject.patient) == ("patient", patient, patient)
    assert before.subject.words not in ("", before.text)
    assert (after["share-made"].subject, after["share-made"].text) == (None, KINDS["share-made"].text)


def test_nobody_marks_the_notice_of_another_as_read(cast, nurse):
    from portal.access.policy import Denied

    told(people=[nurse], kind="share-made")
    notice = Notice.objects.get()
    with pytest.raises(Denied) as refused:
        notices.read_one(by=cast["clinician2"], on=notice.public_id)
    notices.read_one(by=nurse, on=notice.public_id)

    assert (refused.value.hidden, notices.unread_count(by=nurse)) == (True, 0)
