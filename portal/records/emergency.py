"""Break-glass: one clinician, one patient, four hours, a reason, both factors, and a case at once."""

from datetime import timedelta

from portal.access import actors, cases, grants, policy
from portal.access.action import action, event
from portal.access.models import Grant, GrantKind, Purpose
from portal.access.permissions import Permission
from portal.access.settling import STARTED, STOPPED
from portal.core import clock
from portal.core.problems import BadInput, Conflict
from portal.records import queries
from portal.records.actions import mrn_index
from portal.records.models import EMERGENCY, Patient

HOURS, MOST_HOURS, LEAST_TEXT = 4, 24, 15
CODES = {
    "emergency-treatment": ("Emergency treatment", Purpose.ETREAT),
    "covering-colleague": ("Covering a colleague", Purpose.COVERAGE),
    "consult": ("A consult", Purpose.TREAT),
    "patient-request": ("The patient asks for it", Purpose.PATRQT),
    "operations-need": ("Running the hospital", Purpose.HOPERAT),
    "other": ("Another reason", Purpose.BTG),
}


@action(Permission.BREAK_GLASS, verb="patient.emergency-searched")
def look_up(*, by, on=None, mrn) -> tuple[queries.PatientSummary | None, bool]:
    """The patient of a whole record number by two identifiers, and whether no emergency is needed to open it."""
    _in_person(by)
    rows = Patient.objects.select_related("care_unit").filter(mrn_index=mrn_index(mrn))
    found = policy.visible_to(rows, by, Permission.BREAK_GLASS)[:2] if mrn.strip() else []
    event().each_patient(found)
    event().note(found=len(found))
    if len(found) != 1:
        return None, False
    return queries.summary(found[0]), policy.sees(by, found[0])


@action(Permission.BREAK_GLASS, verb="patient.emergency-opened", on=Patient)
def open_record(*, by, on, code, text, attested, proof) -> Grant | None:
    """Open one patient's record for four hours; None when the person may open it anyway.

    `proof` is a fresh Proof or what makes one: called only for a form that is complete, because a one-time code
    serves once, and called here, so that a wrong password is in the ledger as a failed attempt on this patient.
    """
    if policy.sees(by, on):
        event().skip()
        return None
    _check(code, text, attested)
    given = proof() if callable(proof) else proof
    if given is None or not given.covers(by):
        raise BadInput({"password": "Type your password and a new one-time code."})
    label, purpose = CODES[code]
    grant = grants.give(
        EMERGENCY, to=by, on=on, by=by, kind=GrantKind.BREAK_GLASS, purpose=purpose, code=code,
        until=clock.now() + timedelta(hours=HOURS), reason=text.strip()[:2000],
    )  # fmt: skip
    case = cases.open_case(grant)
    event().draft.purpose = purpose
    event().note(dicom=STARTED, code=code, grant=grant.public_id, case=case.public_id, often=case.often)
    return grant


@action(Permission.BREAK_GLASS, verb="patient.emergency-renewed", on=Grant)
def renew(*, by, on) -> Grant:
    """Four more hours, up to twenty-four in all; after that a new reason is needed."""
    last = on.since + timedelta(hours=MOST_HOURS)
    until = min(clock.now() + timedelta(hours=HOURS), last)
    if on.until >= last:
        raise Conflict(f"It ends {MOST_HOURS} hours after it began. Open it again with a new reason when it has ended.")
    grants.extend(on, until)
    event().note(until=until.isoformat())
    return on


@action(Permission.BREAK_GLASS, verb="patient.emergency-ended", on=Grant)
def end(*, by, on) -> None:
    """Close it now."""
    grants.end(on, by=by)
    event().note(dicom=STOPPED)


def _in_person(by) -> None:
    if not actors.at_the_glass(by):
        sentence = "Emergency access is for clinicians in person: not for programs, scientists or administrators."
        raise policy.Denied(policy.Decision(False, sentence))


def _check(code: str, text: str, attested: bool) -> None:
    errors = {}
    if code not in CODES:
        errors["code"] = "Choose the reason."
    elif code == "other" and len(text.strip()) < LEAST_TEXT:
        errors["text"] = f"Say in at least {LEAST_TEXT} characters what the reason is."
    if not attested:
        errors["attested"] = "Confirm that you need this record now."
    if errors:
        raise BadInput(errors)
