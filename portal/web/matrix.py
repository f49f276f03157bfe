"""The route matrix: every address, what it is about, which right opens it and how much it says about a person.

The table declares, `walk` finds what the URLconf really holds; an address without a row here fails the build.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

from portal.access import site
from portal.access.permissions import Permission as P
from portal.core.phi import Phi

AND = " and "
NOBODY, SIGNED_IN, OWN = "anyone", "any signed-in person", "the token's or session's person"


@dataclass(frozen=True)
class Route:
    """One leaf of the URLconf as it is declared."""

    route: str
    name: str
    methods: tuple[str, ...]
    object: str
    right: str
    phi: str

    @property
    def rights(self) -> frozenset[P]:
        """The rights that are all needed; none where it takes no right."""
        return frozenset(P(word) for word in self.right.split(AND) if word in set(P))

    def plain(self) -> dict:
        """As JSON has it."""
        return asdict(self) | {"methods": list(self.methods)}


GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")
TABLE: dict[str, tuple[tuple[str, ...], str, str, Phi]] = {
    "help": (GET, "", SIGNED_IN, Phi.NONE),
    "home": (GET, "", SIGNED_IN, Phi.NONE),
    "healthz": (GET, "", NOBODY, Phi.NONE),
    "readyz": (GET, "", NOBODY, Phi.NONE),
    "static": (GET, "", NOBODY, Phi.NONE),
    "account_login": (BOTH, "", NOBODY, Phi.NONE),
    "account_logout": (BOTH, "", OWN, Phi.NONE),
    "account_inactive": (GET, "", NOBODY, Phi.NONE),
    "account_reauthenticate": (BOTH, "", OWN, Phi.NONE),
    "account_change_password": (BOTH, "", OWN, Phi.NONE),
    "openid_connect_login": (BOTH, "", NOBODY, Phi.NONE),
    "openid_connect_callback": (GET, "", NOBODY, Phi.NONE),
    "mfa_index": (GET, "second factor", OWN, Phi.NONE),
    "mfa_authenticate": (BOTH, "", NOBODY, Phi.NONE),
    "mfa_reauthenticate": (BOTH, "", OWN, Phi.NONE),
    "mfa_activate_totp": (BOTH, "second factor", OWN, Phi.NONE),
    "mfa_deactivate_totp": (BOTH, "second factor", OWN, Phi.NONE),
    "mfa_view_recovery_codes": (GET, "second factor", OWN, Phi.NONE),
    "mfa_generate_recovery_codes": (BOTH, "second factor", OWN, Phi.NONE),
    "mfa_download_recovery_codes": (GET, "second factor", OWN, Phi.NONE),
    "mfa_list_webauthn": (GET, "second factor", OWN, Phi.NONE),
    "mfa_add_webauthn": (BOTH, "second factor", OWN, Phi.NONE),
    "mfa_login_webauthn": (BOTH, "", NOBODY, Phi.NONE),
    "mfa_reauthenticate_webauthn": (BOTH, "", OWN, Phi.NONE),
    "mfa_remove_webauthn": (BOTH, "second factor", OWN, Phi.NONE),
    "mfa_edit_webauthn": (BOTH, "second factor", OWN, Phi.NONE),
    "clinic:patients": (BOTH, "patient", P.PATIENT_LIST, Phi.CLINICAL),
    "clinic:patient": (GET, "patient", P.PATIENT_READ, Phi.CLINICAL),
    "clinic:practice": (GET, "", P.PREDICTION_RUN, Phi.CLINICAL),
    "clinic:emergency": (BOTH, "patient", P.BREAK_GLASS, Phi.FREE_TEXT),
    "clinic:emergency-renew": (POST, "emergency access", P.BREAK_GLASS, Phi.NONE),
    "clinic:emergency-end": (POST, "emergency access", P.BREAK_GLASS, Phi.NONE),
    "clinic:mark": (POST, "patient", P.PATIENT_READ, Phi.NONE),
    "clinic:share": (BOTH, "patient", P.PATIENT_SHARE, Phi.FREE_TEXT),
    "clinic:form": (BOTH, "patient", P.PREDICTION_RUN, Phi.CLINICAL),
    "clinic:draft": (POST, "patient", P.PREDICTION_RUN, Phi.NONE),
    "clinic:card-read": (BOTH, "model version", P.PREDICTION_RUN, Phi.NONE),
    "clinic:prediction": (GET, "prediction", P.PREDICTION_READ, Phi.FREE_TEXT),
    "clinic:show": (BOTH, "prediction", P.PREDICTION_READ, Phi.FREE_TEXT),
    "clinic:paper": (GET, "prediction", P.PREDICTION_PRINT, Phi.FREE_TEXT),
    "clinic:original": (GET, "prediction", P.PREDICTION_PRINT, Phi.CLINICAL),
    "clinic:feedback": (POST, "prediction", P.PREDICTION_FEEDBACK, Phi.FREE_TEXT),
    "clinic:retract": (POST, "prediction", P.PREDICTION_RETRACT, Phi.FREE_TEXT),
    "clinic:report": (POST, "prediction", P.INCIDENT_REPORT, Phi.FREE_TEXT),
    "clinic:prediction-status": (GET, "prediction", P.PREDICTION_READ, Phi.CLINICAL),
    "clinic:downtime": (GET, "downtime packet", P.DOWNTIME_READ, Phi.NONE),
    "clinic:downtime-file": (POST, "downtime packet", P.DOWNTIME_READ, Phi.CLINICAL),
    "clinic:downtime-password": (POST, "downtime packet", P.DOWNTIME_READ, Phi.NONE),
    "clinic:downtime-lock": (POST, "downtime packet", P.DOWNTIME_LOCK, Phi.NONE),
    "clinic:cancel": (POST, "prediction", P.JOB_CANCEL, Phi.NONE),
    "clinic:again": (POST, "prediction", P.PREDICTION_READ, Phi.CLINICAL),
    "lab:models": (GET, "model", P.MODEL_SEE, Phi.NONE),
    "lab:model": (GET, "model", P.MODEL_SEE, Phi.NONE),
    "lab:version": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "lab:calibration": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "lab:form": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "lab:form-studio": (BOTH, "model version", P.MODEL_SHAPE, Phi.NONE),
    "lab:form-preview": (POST, "model version", P.MODEL_SHAPE, Phi.NONE),
    "lab:form-back": (POST, "model version", P.MODEL_SHAPE, Phi.NONE),
    "lab:review": (GET, "model version", P.MODEL_SEE, Phi.FREE_TEXT),
    "lab:checklist": (POST, "model version", P.MODEL_REVIEW, Phi.FREE_TEXT),
    "lab:comment": (POST, "model version", P.MODEL_DISCUSS, Phi.FREE_TEXT),
    "lab:submit": (BOTH, "model version", P.MODEL_SUBMIT, Phi.FREE_TEXT),
    "lab:take-back": (BOTH, "model version", P.MODEL_SUBMIT, Phi.FREE_TEXT),
    "lab:retire": (BOTH, "model version", P.MODEL_OWN, Phi.NONE),
    "lab:narrow": (BOTH, "model version", P.MODEL_REVIEW, Phi.NONE),
    "lab:owner": (BOTH, "model version", P.MODEL_OWN, Phi.FREE_TEXT),
    "lab:approval-paper": (GET, "model version", P.MODEL_SEE, Phi.FREE_TEXT),
    "lab:evidence": (GET, "model version", P.MODEL_SEE, Phi.CLINICAL),
    "lab:evidence-status": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "lab:evidence-run": (POST, "model version", P.MODEL_PROVE, Phi.NONE),
    "lab:evidence-case": (BOTH, "model version", P.MODEL_PROVE, Phi.NONE),
    "lab:evidence-case-remove": (POST, "model version", P.MODEL_PROVE, Phi.NONE),
    "lab:evaluation-rows": (BOTH, "model version", P.MODEL_EVALUATE, Phi.CLINICAL),
    "lab:evaluation-run": (POST, "model version", P.MODEL_EVALUATE, Phi.NONE),
    "lab:evaluation-status": (GET, "model version", P.MODEL_SEE, Phi.CLINICAL),
    "lab:model-card": (GET, "model", P.MODEL_SEE, Phi.NONE),
    "lab:card": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "lab:card-file": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "lab:card-paper": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "lab:card-bring": (BOTH, "model version", P.CARD_WRITE, Phi.NONE),
    "lab:card-change": (BOTH, "model version", P.CARD_WRITE, Phi.NONE),
    "lab:datasets": (GET, "dataset", P.DATASET_SEE, Phi.FREE_TEXT),
    "lab:dataset-new": (BOTH, "dataset", P.DATASET_UPLOAD, Phi.FREE_TEXT),
    "lab:dataset": (GET, "dataset", P.DATASET_SEE, Phi.FREE_TEXT),
    "lab:model-new": (BOTH, "", P.MODEL_REGISTER, Phi.NONE),
    "lab:arrival": (GET, "arrival", P.MODEL_REGISTER, Phi.FREE_TEXT),
    "lab:arrival-status": (GET, "arrival", P.MODEL_REGISTER, Phi.FREE_TEXT),
    "lab:files": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "lab:files-status": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "lab:files-try": (POST, "model version", P.MODEL_SUBMIT, Phi.NONE),
    "lab:dataset-upload": (BOTH, "dataset", P.DATASET_OWN, Phi.FREE_TEXT),
    "lab:dataset-rights": (BOTH, "dataset", P.DATASET_OWN, Phi.FREE_TEXT),
    "lab:dataset-right-end": (POST, "dataset", P.DATASET_OWN, Phi.NONE),
    "lab:dataset-version": (GET, "dataset version", P.DATASET_SEE, Phi.FREE_TEXT),
    "lab:dataset-version-status": (GET, "dataset version", P.DATASET_SEE, Phi.FREE_TEXT),
    "lab:dataset-columns": (BOTH, "dataset version", P.DATASET_OWN, Phi.CLINICAL),
    "lab:dataset-remove": (BOTH, "dataset version", P.DATASET_OWN, Phi.NONE),
    "lab:dataset-rows": (GET, "dataset version", P.DATASET_ROWS, Phi.FREE_TEXT),
    "lab:dataset-file": (POST, "dataset version", P.DATASET_ROWS, Phi.FREE_TEXT),
    "lab:dataset-summaries": (BOTH, "dataset version", P.DATASET_COMPUTE, Phi.CLINICAL),
    "lab:summary": (GET, "summary", P.DATASET_COMPUTE, Phi.CLINICAL),
    "lab:summary-status": (GET, "summary", P.DATASET_COMPUTE, Phi.CLINICAL),
    "oversight:front": (GET, "", SIGNED_IN, Phi.NONE),
    "oversight:approvals": (GET, "model version", P.MODEL_REVIEW, Phi.NONE),
    "oversight:approval": (BOTH, "model version", P.MODEL_REVIEW, Phi.FREE_TEXT),
    "oversight:stop": (BOTH, "model version", P.MODEL_STOP, Phi.NONE),
    "oversight:interest": (POST, "model version", P.MODEL_REVIEW, Phi.FREE_TEXT),
    "oversight:withdraw": (BOTH, "model version", P.MODEL_REVIEW, Phi.NONE),
    "oversight:resume": (BOTH, "model version", P.MODEL_REVIEW, Phi.NONE),
    "oversight:committee": (BOTH, "", P.MODEL_REVIEW, Phi.NONE),
    "oversight:events": (GET, "event", P.AUDIT_READ, Phi.PSEUDONYM),
    "account:recall": (BOTH, "recall notice", P.NOTICE_READ, Phi.CLINICAL),
    "oversight:recalls": (GET, "recall", P.MODEL_REVIEW, Phi.NONE),
    "oversight:recall": (GET, "recall", P.MODEL_REVIEW, Phi.PSEUDONYM),
    "oversight:incidents": (GET, "incident", P.INCIDENT_REVIEW, Phi.NONE),
    "oversight:incident": (BOTH, "incident", P.INCIDENT_REVIEW, Phi.FREE_TEXT),
    "oversight:cases": (GET, "case", P.CASE_REVIEW, Phi.PSEUDONYM),
    "oversight:case": (BOTH, "case", P.CASE_REVIEW, Phi.FREE_TEXT),
    "oversight:requests": (GET, "access request", P.CASE_REVIEW, Phi.FREE_TEXT),
    "oversight:access": (GET, "", P.ACCESS_EXPLAIN, Phi.PSEUDONYM),
    "oversight:routes": (GET, "", P.AUDIT_READ, Phi.NONE),
    "oversight:routes-file": (GET, "", P.AUDIT_READ, Phi.NONE),
    "oversight:find-subject": (BOTH, "event", P.AUDIT_READ, Phi.IDENTIFIER),
    "oversight:export": (POST, "event", P.AUDIT_EXPORT, Phi.PSEUDONYM),
    "oversight:patient-report": (GET, "event", P.AUDIT_READ, Phi.IDENTIFIER),
    "oversight:person-report": (GET, "event", P.AUDIT_READ, Phi.PSEUDONYM),
    "oversight:reviews": (BOTH, "event", P.AUDIT_SIGN, Phi.NONE),
    "oversight:retention": (BOTH, "event", P.AUDIT_RETAIN, Phi.NONE),
    "oversight:integrity": (BOTH, "event", P.AUDIT_VERIFY, Phi.NONE),
    "hospital:people": (GET, "", P.PERSON_MANAGE, Phi.NONE),
    "hospital:join": (BOTH, "", P.PERSON_MANAGE, Phi.NONE),
    "hospital:person": (GET, "user", P.PERSON_MANAGE, Phi.NONE),
    "hospital:leave": (BOTH, "user", P.PERSON_MANAGE, Phi.NONE),
    "hospital:seats": (POST, "user", P.PERSON_MANAGE, Phi.NONE),
    "hospital:come-back": (BOTH, "user", P.PERSON_MANAGE, Phi.NONE),
    "hospital:wards": (GET, "", P.UNIT_ASSIGN, Phi.NONE),
    "hospital:ward": (GET, "care unit", P.UNIT_ASSIGN, Phi.NONE),
    "hospital:assign": (POST, "care unit", P.UNIT_ASSIGN, Phi.NONE),
    "hospital:end": (POST, "assignment", P.UNIT_ASSIGN, Phi.NONE),
    "hospital:move": (BOTH, "assignment", P.UNIT_ASSIGN, Phi.NONE),
    "hospital:studies": (BOTH, "", P.STUDY_MANAGE, Phi.NONE),
    "hospital:study": (BOTH, "study", P.STUDY_MANAGE, Phi.NONE),
    "hospital:member-end": (POST, "study", P.STUDY_MANAGE, Phi.NONE),
    "system": (GET, "", P.SYSTEM_SEE, Phi.NONE),
    "account:access": (GET, "grant", P.GRANT_SEE, Phi.FREE_TEXT),
    "account:ask": (BOTH, "access request", P.ACCESS_ASK, Phi.FREE_TEXT),
    "account:inbox": (GET, "access request", P.ACCESS_DECIDE, Phi.FREE_TEXT),
    "account:decide": (POST, "access request", P.ACCESS_DECIDE, Phi.FREE_TEXT),
    "account:withdraw": (POST, "access request", P.ACCESS_ASK, Phi.NONE),
    "account:renew": (POST, "grant", P.ACCESS_ASK, Phi.NONE),
    "account:end": (POST, "grant", P.GRANT_END, Phi.NONE),
    "account:notices": (GET, "notice", P.NOTICE_READ, Phi.FREE_TEXT),
    "account:read-notices": (POST, "notice", P.NOTICE_READ, Phi.NONE),
    "account:read-notice": (POST, "notice", P.NOTICE_READ, Phi.NONE),
    "account:notice-settings": (BOTH, "", P.NOTICE_READ, Phi.NONE),
    "account:tokens": (BOTH, "token", P.TOKEN_ISSUE, Phi.NONE),
    "account:revoke": (POST, "token", P.TOKEN_ISSUE, Phi.NONE),
    "account:sessions": (GET, "session", OWN, Phi.NONE),
    "account:session-close": (POST, "session", P.ACCOUNT_OWN, Phi.NONE),
    "account:sessions-close-others": (POST, "session", P.ACCOUNT_OWN, Phi.NONE),
    "account:guide": (GET, "", SIGNED_IN, Phi.NONE),
    "account:guide-away": (POST, "", P.ACCOUNT_OWN, Phi.NONE),
    "account:depth": (POST, "", P.ACCOUNT_OWN, Phi.NONE),
    "account:session-status": (GET, "", NOBODY, Phi.NONE),
    "account:session-extend": (POST, "session", OWN, Phi.NONE),
    "account:keep": (POST, "kept form", NOBODY, Phi.CLINICAL),
    "api:models": (GET, "model", P.MODEL_SEE, Phi.NONE),
    "api:model": (GET, "model", P.MODEL_SEE, Phi.NONE),
    "api:versions": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "api:version": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "api:version-schema": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "api:version-card": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "api:patients": (GET, "patient", P.PATIENT_LIST, Phi.IDENTIFIER),
    "api:patient": (GET, "patient", P.PATIENT_READ, Phi.IDENTIFIER),
    "api:predictions": (BOTH, "prediction", P.PREDICTION_RUN, Phi.CLINICAL),
    "api:prediction": (GET, "prediction", P.PREDICTION_READ, Phi.CLINICAL),
    "api:grants": (BOTH, "grant", P.GRANT_SEE, Phi.FREE_TEXT),
    "api:grant": (GET, "grant", P.GRANT_SEE, Phi.FREE_TEXT),
    "api:grant-end": (POST, "grant", P.GRANT_END, Phi.NONE),
    "api:access-requests": (BOTH, "access request", P.GRANT_SEE, Phi.FREE_TEXT),
    "api:access-request": (GET, "access request", P.GRANT_SEE, Phi.FREE_TEXT),
    "api:access-request-decide": (POST, "access request", P.ACCESS_DECIDE, Phi.FREE_TEXT),
    "api:prediction-feedback": (POST, "prediction", P.PREDICTION_FEEDBACK, Phi.NONE),
    "api:prediction-retract": (POST, "prediction", P.PREDICTION_RETRACT, Phi.CLINICAL),
    "api:datasets": (GET, "dataset", P.DATASET_SEE, Phi.NONE),
    "api:dataset": (GET, "dataset", P.DATASET_SEE, Phi.FREE_TEXT),
    "api:dataset-rows": (GET, "dataset version", P.DATASET_ROWS, Phi.FREE_TEXT),
    "api:dataset-summaries": (POST, "dataset version", P.DATASET_COMPUTE, Phi.CLINICAL),
    "api:summary": (GET, "summary", P.DATASET_COMPUTE, Phi.CLINICAL),
    "api:notifications": (GET, "notice", P.NOTICE_READ, Phi.PSEUDONYM),
    "api:notifications-read": (POST, "notice", P.NOTICE_READ, Phi.NONE),
    "api:jobs": (GET, "job", P.JOB_SEE, Phi.PSEUDONYM),
    "api:job": (GET, "job", P.JOB_SEE, Phi.PSEUDONYM),
    "api:job-cancel": (POST, "job", P.JOB_CANCEL, Phi.PSEUDONYM),
    "api:job-rerun": (POST, "job", P.JOB_CANCEL, Phi.PSEUDONYM),
    "api:quotas": (GET, "quota", P.QUOTA_SEE, Phi.NONE),
    "api:events": (GET, "event", P.AUDIT_READ, Phi.PSEUDONYM),
    "api:schema": (GET, "", NOBODY, Phi.NONE),
    "api:docs": (GET, "", NOBODY, Phi.NONE),
}


class Undeclared(Exception):
    """An address that the table does not know."""


def walk() -> list[Route]:
    """Every leaf of the URLconf with its declaration; raises Undeclared for one without."""
    rows = [_declared(route, name) for route, name in _leaves(get_resolver().url_patterns, "", "")]
    return [*rows, Route("static/<path>", "static", *TABLE["static"])]


def _leaves(patterns, prefix: str, space: str) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _leaves(pattern.url_patterns, route, inner)
        elif isinstance(pattern, URLPattern):
            yield route, space + (pattern.name or "")


def _declared(route: str, name: str) -> Route:
    if name.startswith("admin:"):
        return _admin(route, name)
    if name not in TABLE:
        raise _undeclared(route, name)
    return Route(route, name, *TABLE[name])


def _admin(route: str, name: str) -> Route:
    word = name.removeprefix("admin:")
    if word in site.METHODS:
        right = NOBODY if word == "login" else site.OPENS
        return Route(route, name, site.METHODS[word], "", right, Phi.NONE)
    for model, page in admin.site._registry.items():
        start = f"{model._meta.app_label}_{model._meta.model_name}_"
        if word.startswith(start):
            methods = page.methods_of(word.removeprefix(start))
            rights = AND.join(dict.fromkeys((site.OPENS, page.permission)))
            return Route(route, name, methods, str(model._meta.verbose_name), rights, page.phi())
    raise _undeclared(route, name)


def _undeclared(route: str, name: str) -> Undeclared:
    return Undeclared(f"The address {route} ({name or 'without a name'}) has no row in portal.web.matrix.TABLE.")
