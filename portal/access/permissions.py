"""Every right there is; the value is also the word of an API token's scope."""

from enum import StrEnum


class Permission(StrEnum):
    """A right, as `<things>:<verb>`."""

    PATIENT_LIST = "patients:list"
    PATIENT_READ = "patients:read"
    BREAK_GLASS = "patients:break-glass"
    CASE_REVIEW = "cases:review"
    RECORD_IMPORT = "records:import"
    UNIT_ASSIGN = "units:assign"
    STUDY_MANAGE = "studies:manage"
    MODEL_SEE = "models:read"
    MODEL_REGISTER = "models:register"
    MODEL_SUBMIT = "models:submit"
    MODEL_REVIEW = "models:review"
    MODEL_STOP = "models:stop"
    PREDICTION_RUN = "predictions:run"
    PREDICTION_READ = "predictions:read"
    JOB_SEE = "jobs:read"
    JOB_CANCEL = "jobs:cancel"
    JOB_WORK = "jobs:work"
    QUOTA_SEE = "quotas:read"
    QUOTA_SET = "quotas:set"
    PERSON_MANAGE = "people:manage"
    TOKEN_ISSUE = "tokens:issue"
    AUDIT_READ = "audit:read"
    AUDIT_VERIFY = "audit:verify"
    AUDIT_SEAL = "audit:seal"
    SYSTEM_SEE = "system:read"
    KEYS_ROTATE = "keys:rotate"
