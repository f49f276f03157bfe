"""Emergency access (break-glass): one patient, one person, some hours, and a case that an officer closes.

After healthcare practice: coded reason, attestation, fresh password and one-time code; read and run, no export, no
sharing, no list; 4 hours, renewable to 24, then a new reason (45 CFR 164.312(a)(2)(ii)).
"""

from datetime import timedelta

from django.conf import settings

from portal.access import cases, glass, grants, notices, policy
from portal.access.action import action, event
from portal.access.models import Grant
from portal.access.permissions import Permission
from portal.access.states import GrantKind
from portal.accounts import lockout
from portal.core import clock, turns
from portal.core.problems import BadInput, Conflict
from portal.records import overrides, queries
from portal.records.models import READ_RECORD, Patient

REASONS = {
    "emergency": "Emergency treatment",
    "covering": "Covering for a colleague",
    "consult": "Consult asked for by the treating team",
    "patient": "The patient asks me to look",
    "operations": "Needed to run the ward",
    "other": "Another reason, written below",
}
HOURS, LONGEST_HOURS, TEXT_AT_LEAST, TEXT_AT_MOST = 4, 24, 15, 1000
# Typing mistakes in an emergency are forgiven; going through the birth dates of a known record number is not.
SEARCHES = 20
# DICOM audit codes for the start and the end of emergency access.
STARTED, ENDED = "110127", "110138"


@action(Permission.BREAK_GLASS, verb="patient.sought")
def find(*, by, on=None, mrn, birth_date) -> queries.PatientSummary:
    """The patient with exactly this record number and birth date; raises BadInput when there is none."""
    tries = lockout.Tries(f"sought\x1f{by.pk}", SEARCHES)
    if tries.are_used_up():
        raise BadInput(
            {"mrn": f"Too many patients were not found. Wait {settings.LOCK_OUT_MINUTES} minutes, or ask a colleague."}
        )
    found = queries.by_two_identifiers(mrn, birth_date)
    if found is None:
        tries.add()
        raise BadInput({"mrn": "No patient has this record number and this birth date. Check both."})
    event().about(found)
    return queries.summary(found)


@action(Permission.BREAK_GLASS, verb="break-glass.started", on=Patient, rows=queries.with_ward)
def start(*, by, on, code, text="", attested=False, proof=None) -> Grant:
    """Open one patient's record to this person for four hours, and a case at the privacy office."""
    turns.take(by, refresh=False)
    if policy.decide(by, Permission.PATIENT_READ, on).allowed:
        raise Conflict("You reach this record already; no emergency access is needed.", code="not-needed")
    _check(by, code, text.strip(), attested, proof)
    until = clock.now() + timedelta(hours=HOURS)
    grant = grants.give(
        READ_RECORD, to=by, on=on, until=until, kind=GrantKind.BREAK_GLASS, by=by, code=code, words=text.strip()
    )
    case = cases.open_case(grant)
    notices.tell(overrides.leads_of(on.care_unit, but=by), "emergency-here", grant.public_id)
    event().draft.purpose = glass.EMERGENCY_TREATMENT
    event().note(grant=grant.public_id, case=case.public_id, code=code, hours=HOURS, dicom=STARTED)
    return grant


@action(Permission.BREAK_GLASS, verb="break-glass.renewed", on=Grant)
def renew(*, by, on) -> Grant:
    """Four more hours, up to a day from the start; then a new reason is asked."""
    last = on.since + timedelta(hours=LONGEST_HOURS)
    until = min(clock.now() + timedelta(hours=HOURS), last)
    if not on.live or until <= on.until:
        raise Conflict(f"Emergency access lasts {LONGEST_HOURS} hours at most. Give a new reason to go on.")
    grants.extend(on, until)
    event().note(grant=on.public_id, until=until.isoformat())
    return on


@action(Permission.BREAK_GLASS, verb="break-glass.ended", on=Grant)
def end(*, by, on) -> None:
    """Give the access back now."""
    if not on.live:
        raise Conflict("This emergency access is over already.")
    grants.end_one(on, by=by)
    event().draft.purpose = glass.EMERGENCY_TREATMENT
    event().note(grant=on.public_id, dicom=ENDED)


def _check(by, code: str, text: str, attested: bool, proof) -> None:
    errors = {}
    if code not in REASONS:
        errors["code"] = f"Choose a reason: {', '.join(REASONS.values())}."
    if code == "other" and len(text) < TEXT_AT_LEAST:
        errors["text"] = f"Write the reason in at least {TEXT_AT_LEAST} characters; an officer will read it."
    if len(text) > TEXT_AT_MOST:
        errors["text"] = f"The reason has {len(text)} characters; at most {TEXT_AT_MOST} are kept."
    if not attested:
        errors["attested"] = "Tick the box: the access is recorded and reviewed."
    if not errors and not (proof and proof.covers(by)):
        errors["password"] = "Emergency access needs your password and a current one-time code, or your passkey."
    if errors:
        raise BadInput(errors)
