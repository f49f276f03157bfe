"""One class per role: what it is called, what it is for, and the rights it holds."""

from portal.access.permissions import Permission as P

# What everyone may do with what is their own: the account, the grants, the notices.
OWN = (P.ACCOUNT_OWN, P.GRANT_SEE, P.GRANT_END, P.NOTICE_READ)


class Clinician:
    """Cares for patients on assigned wards and runs approved models for them."""

    name, title, door = "clinician", "Clinician", "clinic:patients"
    permissions = frozenset({
        P.PATIENT_LIST, P.PATIENT_READ, P.MODEL_SEE, P.PREDICTION_RUN, P.PREDICTION_READ, P.JOB_SEE, P.JOB_CANCEL,
        P.QUOTA_SEE, P.TOKEN_ISSUE, P.BREAK_GLASS, P.PATIENT_SHARE, P.ACCESS_ASK, P.ACCESS_DECIDE,
        P.PREDICTION_FEEDBACK, P.PREDICTION_RETRACT, P.PREDICTION_PRINT, P.INCIDENT_REPORT, P.DOWNTIME_READ, P.DOWNTIME_LOCK, *OWN,
    })  # fmt: skip


class Scientist:
    """Brings models and datasets of their studies, and proposes models for approval."""

    name, title, door = "scientist", "Scientist", "lab:models"
    permissions = frozenset({
        P.MODEL_SEE, P.MODEL_REGISTER, P.MODEL_SUBMIT, P.MODEL_SHAPE, P.MODEL_DISCUSS, P.MODEL_OWN, P.CARD_WRITE, P.MODEL_PROVE, P.MODEL_EVALUATE,
        P.JOB_SEE, P.QUOTA_SEE, P.TOKEN_ISSUE,
        P.ACCESS_ASK, P.ACCESS_DECIDE, *OWN,
        P.DATASET_SEE, P.DATASET_UPLOAD, P.DATASET_COMPUTE, P.DATASET_ROWS, P.DATASET_OWN,
    })  # fmt: skip


class Reviewer:
    """Sits on the model committee: approves, refuses and stops versions."""

    name, title, door = "reviewer", "Reviewer", "oversight:approvals"
    permissions = frozenset({
        P.MODEL_SEE, P.MODEL_REVIEW, P.MODEL_SHAPE, P.MODEL_STOP, P.MODEL_DISCUSS, P.MODEL_OWN, P.CARD_WRITE, P.MODEL_PROVE, P.MODEL_EVALUATE,
        P.INCIDENT_REVIEW, P.DATASET_COMPUTE, P.TOKEN_ISSUE, *OWN,
    })  # fmt: skip


class Admin:
    """Runs the machines: people, quotas and jobs; sees no patient data."""

    name, title, door = "admin", "Administrator", "admin:index"
    permissions = frozenset({
        P.JOB_SEE, P.JOB_CANCEL, P.QUOTA_SEE, P.QUOTA_SET, P.PERSON_MANAGE, P.UNIT_ASSIGN, P.STUDY_MANAGE,
        P.SYSTEM_SEE, P.TOKEN_ISSUE, P.AUDIT_PURGE, P.ACCESS_EXPLAIN, P.ACCESS_DECIDE, *OWN,
    })  # fmt: skip


class Auditor:
    """Reads the ledger and proves that it was not touched."""

    name, title, door = "auditor", "Audit officer", "oversight:events"
    permissions = frozenset({
        P.AUDIT_READ, P.ACCESS_EXPLAIN, P.SYSTEM_SEE, P.AUDIT_VERIFY, P.CASE_REVIEW, P.TOKEN_ISSUE, P.AUDIT_EXPORT,
        P.AUDIT_RETAIN, P.AUDIT_SIGN, *OWN,
    })  # fmt: skip


class System:
    """The portal's own hands: imports, workers, the sealer and set-up."""

    name, title, door = "system", "System", ""
    permissions = frozenset({
        P.RECORD_IMPORT, P.UNIT_ASSIGN, P.STUDY_MANAGE, P.PERSON_MANAGE, P.TOKEN_ISSUE, P.ACCOUNT_OWN, P.JOB_SEE, P.JOB_CANCEL,
        P.JOB_WORK, P.QUOTA_SEE, P.QUOTA_SET, P.MODEL_STOP, P.MODEL_PROVE, P.AUDIT_VERIFY, P.AUDIT_SEAL, P.KEYS_ROTATE,
        P.GRANT_SETTLE, P.DOWNTIME_WRITE,
    })  # fmt: skip


ROLES = {role.name: role for role in (Clinician, Scientist, Reviewer, Admin, Auditor)}
APART = (frozenset({"auditor", "admin"}),)


def holding(permission: P) -> list[str]:
    """The titles of the roles that hold a right."""
    return [role.title for role in (*ROLES.values(), System) if permission in role.permissions]
