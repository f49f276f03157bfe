"""Sharing one patient with one colleague, for a reason, until a day."""

from datetime import timedelta

from portal.access import grants, notices, policy
from portal.access.action import action, event
from portal.access.models import Grant, GrantKind, Purpose
from portal.access.permissions import Permission
from portal.access.requests import views_under
from portal.accounts.models import User
from portal.core import clock
from portal.core.problems import BadInput
from portal.records import queries
from portal.records.models import CARE, Patient

MOST_DAYS, LEAST_REASON = 30, 10


@action(Permission.PATIENT_SHARE, verb="patient.shared", on=Patient)
def share(*, by, on, username, reason, until) -> Grant:
    """Let a colleague read one patient's record and run models for the patient; raises BadInput naming the field."""
    person = User.objects.filter(username=username.strip(), is_active=True).exclude(pk=by.pk).first()
    errors = {}
    if person is None or "clinician" not in person.role_names:
        errors["colleague"] = "Write the user name of another clinician."
    if len(reason.strip()) < LEAST_REASON:
        errors["reason"] = f"Say why in at least {LEAST_REASON} characters; your colleague and audit officers read it."
    if until is None or not clock.now() < until <= clock.now() + timedelta(days=MOST_DAYS + 1):
        errors["until"] = f"Give a last day from today to {MOST_DAYS} days from now."
    if errors:
        raise BadInput(errors)
    for earlier in Grant.objects.filter(
        grants.live(), kind=GrantKind.SHARE, person=person, given_by=by, object_id=on.public_id
    ):
        grants.end(earlier, by=by)
    grant = grants.give(
        CARE, to=person, on=on, by=by, kind=GrantKind.SHARE, purpose=Purpose.TREAT, until=until,
        reason=reason.strip()[:2000],
    )  # fmt: skip
    notices.tell([person], "share-made", grant.public_id)
    event().note(person=person.public_id, grant=grant.public_id, until=until.isoformat())
    return grant


@action(Permission.PATIENT_SHARE, verb="patient.shares-seen", on=Patient)
def open_shares(*, by, on) -> tuple[queries.PatientSummary, list[tuple[Grant, int]]]:
    """Who else was given this patient, and how often each has looked since."""
    rows = Grant.objects.filter(object_type="patient", object_id=on.public_id, kind=GrantKind.SHARE)
    found = rows.select_related("person", "given_by").order_by("-id")[:50]
    return queries.summary(on), [(grant, views_under(grant)) for grant in found]


@action(Permission.PATIENT_READ, verb="patient.listed-opened")
def list_opened(*, by, on=None) -> list[tuple[Grant, queries.PatientSummary]]:
    """The patients opened to this person beside their wards, each with the grant."""
    rows = Grant.objects.filter(grants.live(), person_id=by.pk, object_type="patient").select_related("given_by")
    known = policy.visible_to(Patient.objects.select_related("care_unit"), by, Permission.PATIENT_READ)
    patients = {row.public_id: queries.summary(row) for row in known.filter(public_id__in=rows.values("object_id"))}
    shown = [(grant, patients[grant.object_id]) for grant in rows if grant.object_id in patients]
    if not shown:
        event().skip()
    event().each_patient(patients.values())
    return shown
