"""Notices about results and reports: which model, for whom, as far as the policy opens them at this moment."""

from portal.access import policy, subjects
from portal.access.permissions import Permission
from portal.access.subjects import Subject
from portal.predictions import queries
from portal.predictions.models import Incident, Prediction
from portal.records.queries import summary

ABOUT_RESULTS = (
    "result-ready",
    "run-failed",
    "result-shown",
    "result-retracted",
    "result-corrected",
    "incident-closed",
)


def _results(by, ids: list[str]) -> dict[str, Subject]:
    rows = policy.visible_to(queries.related(), by, Permission.PREDICTION_READ).filter(public_id__in=ids)
    return {row.public_id: _subject(row) for row in rows}


def _subject(row: Prediction) -> Subject:
    name = f"{summary(row.patient).name}: " if row.patient else ""
    return Subject("result", row.public_id, f"{name}{row.version.model.title}", row.audit_patient)


def _incidents(by, ids: list[str]) -> dict[str, Subject]:
    rows = policy.visible_to(Incident.objects.order_by(), by, Permission.INCIDENT_REVIEW).filter(public_id__in=ids)
    found = rows.values_list("public_id", "version__model__title")
    return {report: Subject("incident", report, title) for report, title in found}


def register() -> None:
    """Called once the apps are loaded."""
    subjects.register(ABOUT_RESULTS, _results)
    subjects.register(("incident-made", "incident-harm"), _incidents)
