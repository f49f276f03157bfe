"""Which predictions a right reaches: those of one's patients, and one's own without a patient or to practise."""

from django.db.models import Q

from portal.access import policy
from portal.access.permissions import Permission
from portal.predictions.models import Acknowledgement, Incident, Prediction, Recall
from portal.records.models import LEAD, CareUnit, CareUnitUserPermission, Patient
from portal.records.rules import on_my_wards, opened_by, patients_of, practice_of, taken_out_by

_WHY = "you work on the patient's ward, had the patient there lately, or the patient was opened to you"
_WHY_PRINT = "you work on the patient's ward, or the patient was opened to you otherwise than in an emergency"


def _reached(by) -> Q:
    return patients_of(by, "patient__") | _nobodys(by)


def _printed(by) -> Q:
    return taken_out_by(by, "patient__") | _nobodys(by)


def _nobodys(by) -> Q:
    own = Q(patient__isnull=True) | practice_of(by, "patient__")
    return Q(requested_by_id=by.pk) & own


def _asked_for(by) -> Q:
    return _reached(by) & Q(requested_by_id=by.pk)


def _ran_or_leads(by) -> Q:
    lead = CareUnitUserPermission.reach(by, LEAD, "patient__care_unit_id")
    return _reached(by) & (Q(requested_by_id=by.pk) | Q(lead))


def _all(by) -> Q:
    return Q()


def _led(by) -> Q:
    return Q(CareUnitUserPermission.reach(by, LEAD, "pk"))


def _worked_on(by) -> Q:
    return on_my_wards(by, "pk")


def _own(by) -> Q:
    return Q(person_id=by.pk)


def register() -> None:
    """Called once the apps are loaded."""
    policy.register(Prediction, Permission.PREDICTION_READ, _reached, _WHY, see=True)
    policy.register(Prediction, Permission.PREDICTION_RUN, _asked_for, "you asked for this run")
    policy.register(Patient, Permission.PREDICTION_READ, opened_by, _WHY)
    policy.register(Prediction, Permission.JOB_CANCEL, _reached, _WHY)
    policy.register(Prediction, Permission.PREDICTION_FEEDBACK, _reached, _WHY)
    policy.register(Prediction, Permission.INCIDENT_REPORT, _reached, _WHY)
    policy.register(Prediction, Permission.PREDICTION_PRINT, _printed, _WHY_PRINT)
    policy.register(Prediction, Permission.PREDICTION_RETRACT, _ran_or_leads, "you ran it, or lead the patient's ward")
    policy.register(Incident, Permission.INCIDENT_REVIEW, _all, "you sit on the model committee", see=True)
    policy.register(Recall, Permission.MODEL_REVIEW, _all, "you sit on the model committee", see=True)
    policy.register(Acknowledgement, Permission.NOTICE_READ, _own, "it is you who is told", see=True)
    policy.register(CareUnit, Permission.DOWNTIME_READ, _worked_on, "you are assigned to the ward")
    policy.register(CareUnit, Permission.DOWNTIME_LOCK, _led, "you lead the ward")
    policy.register(CareUnit, Permission.DOWNTIME_WRITE, _all, "the portal writes the packets")
