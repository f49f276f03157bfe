"""Notices about results and reports: which model, for whom, as far as the policy opens them at this moment."""

from portal.access import policy, subjects
from portal.access.permissions import Permission
from portal.access.subjects import Subject
from portal.predictions import queries, showing
from portal.predictions.models import Acknowledgement, Incident, Prediction
from portal.records.queries import summary

ABOUT_RESULTS = (
    "result-ready",
    "run-failed",
    "result-retracted",
    "result-corrected",
    "incident-closed",
)


def _seen(by, ids: list[str]):
    return policy.visible_to(queries.related(), by, Permission.PREDICTION_READ).filter(public_id__in=ids)


def _results(by, ids: list[str]) -> dict[str, Subject]:
    return {row.public_id: _subject(row) for row in _seen(by, ids)}


def _subject(row: Prediction) -> Subject:
    name = f"{summary(row.patient).name}: " if row.patient else ""
    return Subject("result", row.public_id, f"{name}{row.version.model.title}", row.audit_patient)


def _shown(by, ids: list[str]) -> dict[str, Subject]:
    """Results that colleagues show, each with who it was and whom it is about."""
    names = showing.showers(by, ids)
    return {row.public_id: _by_whom(row, names.get(row.public_id)) for row in _seen(by, ids)}


def _by_whom(row: Prediction, names: list[str] | None) -> Subject:
    if not (names and row.patient):
        return _subject(row)
    who = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    told = f"{who} {'shows' if len(names) == 1 else 'show'} you a result on {summary(row.patient).name}."
    return Subject("result", row.public_id, row.version.model.title, row.audit_patient, told)


def _incidents(by, ids: list[str]) -> dict[str, Subject]:
    rows = policy.visible_to(Incident.objects.order_by(), by, Permission.INCIDENT_REVIEW).filter(public_id__in=ids)
    found = rows.values_list("public_id", "version__model__title")
    return {report: Subject("incident", report, title) for report, title in found}


def _recalls(by, ids: list[str]) -> dict[str, Subject]:
    rows = policy.visible_to(Acknowledgement.objects.order_by(), by, Permission.NOTICE_READ).filter(public_id__in=ids)
    found = rows.values_list("public_id", "recall__version__model__title")
    return {told: Subject("recall", told, title) for told, title in found}


def register() -> None:
    """Called once the apps are loaded."""
    subjects.register(ABOUT_RESULTS, _results)
    subjects.register(("result-shown",), _shown)
    subjects.register(("incident-made", "incident-harm"), _incidents)
    subjects.register(("model-stopped",), _recalls)
