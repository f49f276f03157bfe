"""Which predictions a right reaches: those of one's patients, and one's own without a patient."""

from django.db.models import Q

from portal.access import policy
from portal.access.permissions import Permission
from portal.predictions.models import Prediction
from portal.records.models import Patient
from portal.records.rules import patients_of

_WHY = "you work on the patient's ward, had the patient there lately, or the patient was opened to you"


def _reached(by) -> Q:
    return patients_of(by, "patient__") | Q(patient__isnull=True, requested_by_id=by.pk)


def _asked_for(by) -> Q:
    return _reached(by) & Q(requested_by_id=by.pk)


def register() -> None:
    """Called once the apps are loaded."""
    policy.register(Prediction, Permission.PREDICTION_READ, _reached, _WHY, see=True)
    policy.register(Prediction, Permission.PREDICTION_RUN, _asked_for, "you asked for this run")
    policy.register(Patient, Permission.PREDICTION_READ, patients_of, _WHY)
    policy.register(Prediction, Permission.JOB_CANCEL, _reached, _WHY)
