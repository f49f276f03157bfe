"""Sharing one patient with one colleague, for a reason, until a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.access import grantable, grants, notices, policy
from portal.access.action import action, event
from portal.access.holdings import views_under
from portal.access.models import Grant
from portal.access.permissions import Permission
from portal.access.requests import WORDS_AT_LEAST, WORDS_AT_MOST
from portal.access.states import GrantKind
from portal.core import clock
from portal.core.problems import BadInput
from portal.records import colleagues, queries, rules
from portal.records.models import READ_RECORD, Patient

MOST_DAYS, MOST_NAMED = 30, 500


@dataclass(frozen=True)
class Given:
    """Who shared a patient with a person, and until when."""

    by: str
    until: datetime


@action(Permission.PATIENT_SHARE, verb="patient.shared", on=Patient)
def share(*, by, on, username, words, until, told=True) -> Grant:
    """Let a colleague read one patient's record and run models for the patient; raises BadInput naming the field.

    Without `told` no notice is left: the caller leaves one that says more.
    """
    person = colleagues.find(username, colleagues.others(but=by))
    _check(person, words.strip(), until)
    earlier = Grant.objects.filter(
        grantable.live(), kind=GrantKind.SHARE, person=person, given_by=by, object_id=on.public_id
    )
    for grant in earlier:
        grants.end_one(grant, by=by)
    grant = grants.give(READ_RECORD, to=person, on=on, by=by, kind=GrantKind.SHARE, until=until, words=words.strip())
    if told:
        notices.tell([person], "share-made", grant.public_id)
    event().note(person=person.public_id, grant=grant.public_id, until=until.isoformat())
    return grant


@action(Permission.PATIENT_SHARE, verb="patient.shares-seen", on=Patient, rows=queries.with_ward)
def open_shares(*, by, on) -> tuple[queries.PatientSummary, list[tuple[Grant, int]], list[str]]:
    """Who else was given this patient and how often each has looked since, and the names of those it may be given to."""
    rows = Grant.objects.filter(object_type="patient", object_id=on.public_id, kind=GrantKind.SHARE)
    found = rows.select_related("person", "given_by").order_by("-id")[:50]
    names = colleagues.others(but=by).keys() - colleagues.seeing(on, but=by).keys()
    return (
        queries.summary(on),
        [(grant, views_under(grant)) for grant in found],
        sorted(names, key=str.casefold)[:MOST_NAMED],
    )


@action(Permission.PATIENT_READ, verb="patient.granted-listed")
def list_granted(*, by, on=None) -> dict[str, queries.PatientSummary]:
    """The patients opened to this person beside their wards, by their public ids."""
    ids = Grant.objects.filter(grantable.live(), person_id=by.pk, object_type="patient").values("object_id")
    known = policy.visible_to(queries.with_ward(), by, Permission.PATIENT_READ).filter(public_id__in=ids)
    shown = [queries.summary(row) for row in known]
    if not shown:
        event().skip()
    event().each_patient(shown)
    return {patient.public_id: patient for patient in shown}


def given_to(by, ids) -> dict[str, Given]:
    """Which of these patients a person sees only because a colleague shared them, by public id. Call it inside actions."""
    live = Grant.objects.filter(grantable.live(), kind=GrantKind.SHARE, person_id=by.pk, object_type="patient")
    own = Patient.objects.filter(rules.ward_patients_of(by), public_id__in=ids).values("public_id")
    rows = live.filter(object_id__in=ids).exclude(object_id__in=own).select_related("given_by").order_by("until")
    return {row.object_id: Given(row.given_by.label, row.until) for row in rows}


def _check(person, words: str, until) -> None:
    errors = {}
    if person is None or "clinician" not in person.role_names:
        errors["colleague"] = "Write the name of another clinician. Choose one of the list."
    if not WORDS_AT_LEAST <= len(words) <= WORDS_AT_MOST:
        errors["words"] = (
            f"Say why in {WORDS_AT_LEAST} to {WORDS_AT_MOST} characters; your colleague and audit officers read it."
        )
    if until is None or not clock.now() < until <= clock.now() + timedelta(days=MOST_DAYS + 1):
        errors["until"] = f"Give a last day from today to {MOST_DAYS} days from now."
    if errors:
        raise BadInput(errors)
