"""Reports of problems and possible harm: from a result to the committee and the model's study, and back."""

from portal.access import grantable, notices, policy
from portal.access.action import action, event
from portal.access.models import Grant
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.core import clock, turns
from portal.core.problems import BadInput, Conflict
from portal.predictions import queries
from portal.predictions.models import Incident, Prediction
from portal.predictions.states import IncidentKind
from portal.studies.models import MEMBER

WORDS_AT_LEAST, WORDS_AT_MOST = 10, 2000


def _rows():
    return Incident.objects.select_related("version__model", "reported_by", "closed_by")


@action(Permission.INCIDENT_REPORT, verb="incident.reported", on=Prediction, rows=queries.related)
def report(*, by, on, kind, words) -> Incident:
    """Tell the committee and the model's study of a problem; the study learns the kind, the committee reads the words."""
    errors = {}
    if kind not in IncidentKind:
        errors["kind"] = f"Choose what went wrong: {', '.join(label for _, label in IncidentKind.choices)}."
    if not WORDS_AT_LEAST <= len(words.strip()) <= WORDS_AT_MOST:
        errors["words"] = (
            f"Say what happened in {WORDS_AT_LEAST} to {WORDS_AT_MOST} characters, without naming the patient."
        )
    if errors:
        raise BadInput(errors)
    if on.audit_purpose:
        raise Conflict("Practice: nothing was sent. From a real result this would now be with the model committee.")
    incident = Incident.objects.create(
        version=on.version, prediction=on.public_id, kind=kind, words=words.strip(), reported_by=by
    )
    notices.tell(_concerned(on), "incident-harm" if kind == IncidentKind.HARM else "incident-made", incident.public_id)
    event().note(incident=incident.public_id, kind=kind, model=on.version.model.slug, version=on.version.number)
    return incident


@action(Permission.INCIDENT_REVIEW, verb="incident.listed")
def list_incidents(*, by, on=None, closed=False) -> list[Incident]:
    """Open reports, those of harm first, then the oldest; or the newest closed ones."""
    rows = policy.visible_to(_rows(), by, Permission.INCIDENT_REVIEW).filter(closed_at__isnull=not closed)
    found = list(rows.order_by("-closed_at" if closed else "reported_at")[:200])
    event().note(shown=len(found), closed=closed)
    return found if closed else sorted(found, key=lambda row: row.kind != IncidentKind.HARM)


@action(Permission.INCIDENT_REVIEW, verb="incident.opened", on=Incident, rows=_rows)
def open_incident(*, by, on) -> Incident:
    """One report."""
    return on


@action(Permission.INCIDENT_REVIEW, verb="incident.closed", on=Incident, rows=_rows)
def close(*, by, on, answer) -> None:
    """Close a report with an answer that its author reads."""
    turns.take(on)
    if on.closed_at:
        raise Conflict("This report is closed already.")
    if not WORDS_AT_LEAST <= len(answer.strip()) <= WORDS_AT_MOST:
        raise BadInput(
            {"answer": f"Answer in {WORDS_AT_LEAST} to {WORDS_AT_MOST} characters; who reported it reads it."}
        )
    on.answer, on.closed_at, on.closed_by = answer.strip(), clock.now(), by
    on.save(update_fields=("answer", "closed_at", "closed_by"))
    notices.tell([on.reported_by], "incident-closed", on.prediction)
    event().note(model=on.version.model.slug, version=on.version.number)


def of_prediction(prediction: Prediction) -> list[Incident]:
    """What was reported from one result. Call it inside actions."""
    return list(_rows().filter(prediction=prediction.public_id))


def _concerned(prediction: Prediction) -> list[User]:
    study = prediction.version.model.study
    members = Grant.objects.filter(grantable.live(), codename=MEMBER, object_id=study.public_id)
    people = User.objects.filter(is_active=True)
    committee = people.filter(groups__name="reviewer")
    return list((committee | people.filter(pk__in=members.values("person"))).distinct())
