"""The route matrix: every address, what it is about, which right opens it and how much it says about a person.

The table declares, `walk` finds what the URLconf really holds; an address without a row here fails the build.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

from portal.access.permissions import Permission as P
from portal.core.phi import Phi

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

    def plain(self) -> dict:
        """As JSON has it."""
        return asdict(self) | {"methods": list(self.methods)}


GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")
TABLE: dict[str, tuple[tuple[str, ...], str, str, Phi]] = {
    "home": (GET, "", SIGNED_IN, Phi.NONE),
    "healthz": (GET, "", NOBODY, Phi.NONE),
    "readyz": (GET, "", NOBODY, Phi.NONE),
    "static": (GET, "", NOBODY, Phi.NONE),
    "account_login": (BOTH, "", NOBODY, Phi.NONE),
    "account_logout": (BOTH, "", OWN, Phi.NONE),
    "account_inactive": (GET, "", NOBODY, Phi.NONE),
    "account_reauthenticate": (BOTH, "", OWN, Phi.NONE),
    "mfa_authenticate": (BOTH, "", NOBODY, Phi.NONE),
    "clinic:patients": (GET, "patient", P.PATIENT_LIST, Phi.IDENTIFIER),
    "clinic:patient": (GET, "patient", P.PATIENT_READ, Phi.CLINICAL),
    "clinic:form": (BOTH, "patient", P.PREDICTION_RUN, Phi.CLINICAL),
    "clinic:prediction": (GET, "prediction", P.PREDICTION_READ, Phi.CLINICAL),
    "clinic:prediction-status": (GET, "prediction", P.PREDICTION_READ, Phi.CLINICAL),
    "clinic:cancel": (POST, "prediction", P.JOB_CANCEL, Phi.NONE),
    "clinic:emergency": (BOTH, "patient", P.BREAK_GLASS, Phi.IDENTIFIER),
    "clinic:emergency-renew": (POST, "grant", P.BREAK_GLASS, Phi.NONE),
    "clinic:emergency-end": (POST, "grant", P.BREAK_GLASS, Phi.NONE),
    "clinic:share": (BOTH, "patient", P.PATIENT_SHARE, Phi.IDENTIFIER),
    "lab:models": (GET, "model", P.MODEL_SEE, Phi.NONE),
    "lab:model": (GET, "model", P.MODEL_SEE, Phi.NONE),
    "lab:version": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "lab:submit": (POST, "model version", P.MODEL_SUBMIT, Phi.NONE),
    "oversight:front": (GET, "", SIGNED_IN, Phi.NONE),
    "oversight:approvals": (GET, "model version", P.MODEL_REVIEW, Phi.NONE),
    "oversight:approval": (BOTH, "model version", P.MODEL_REVIEW, Phi.NONE),
    "oversight:stop": (BOTH, "model version", P.MODEL_STOP, Phi.NONE),
    "oversight:change-form": (BOTH, "model version", P.MODEL_REVIEW, Phi.NONE),
    "oversight:events": (GET, "event", P.AUDIT_READ, Phi.PSEUDONYM),
    "oversight:integrity": (BOTH, "event", P.AUDIT_VERIFY, Phi.NONE),
    "oversight:cases": (GET, "case", P.CASE_REVIEW, Phi.PSEUDONYM),
    "oversight:case": (BOTH, "case", P.CASE_REVIEW, Phi.FREE_TEXT),
    "oversight:assess": (POST, "case", P.CASE_REVIEW, Phi.FREE_TEXT),
    "oversight:access": (GET, "grant", P.ACCESS_EXPLAIN, Phi.PSEUDONYM),
    "system": (GET, "", P.SYSTEM_SEE, Phi.NONE),
    "account:tokens": (BOTH, "token", P.TOKEN_ISSUE, Phi.NONE),
    "account:revoke": (POST, "token", P.TOKEN_ISSUE, Phi.NONE),
    "account:access": (GET, "grant", P.GRANT_SEE, Phi.IDENTIFIER),
    "account:read-notices": (POST, "notice", P.NOTICE_READ, Phi.NONE),
    "account:ask": (BOTH, "access request", P.ACCESS_ASK, Phi.NONE),
    "account:inbox": (GET, "access request", P.ACCESS_DECIDE, Phi.IDENTIFIER),
    "account:decide": (POST, "access request", P.ACCESS_DECIDE, Phi.IDENTIFIER),
    "account:withdraw": (POST, "access request", P.ACCESS_ASK, Phi.NONE),
    "account:renew": (POST, "grant", P.ACCESS_ASK, Phi.NONE),
    "account:end": (POST, "grant", P.GRANT_END, Phi.NONE),
    "api:models": (GET, "model", P.MODEL_SEE, Phi.NONE),
    "api:model": (GET, "model", P.MODEL_SEE, Phi.NONE),
    "api:versions": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "api:version": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "api:version-schema": (GET, "model version", P.MODEL_SEE, Phi.NONE),
    "api:patients": (GET, "patient", P.PATIENT_LIST, Phi.IDENTIFIER),
    "api:patient": (GET, "patient", P.PATIENT_READ, Phi.IDENTIFIER),
    "api:predictions": (BOTH, "prediction", P.PREDICTION_RUN, Phi.CLINICAL),
    "api:prediction": (GET, "prediction", P.PREDICTION_READ, Phi.CLINICAL),
    "api:jobs": (GET, "job", P.JOB_SEE, Phi.NONE),
    "api:job": (GET, "job", P.JOB_SEE, Phi.NONE),
    "api:job-cancel": (POST, "job", P.JOB_CANCEL, Phi.NONE),
    "api:grants": (BOTH, "grant", P.GRANT_SEE, Phi.FREE_TEXT),
    "api:grant": (GET, "grant", P.GRANT_SEE, Phi.FREE_TEXT),
    "api:grant-end": (POST, "grant", P.GRANT_END, Phi.NONE),
    "api:access-requests": (BOTH, "access request", P.ACCESS_ASK, Phi.FREE_TEXT),
    "api:access-request": (GET, "access request", P.GRANT_SEE, Phi.FREE_TEXT),
    "api:access-request-decide": (POST, "access request", P.ACCESS_DECIDE, Phi.FREE_TEXT),
    "api:quotas": (GET, "quota", P.QUOTA_SEE, Phi.NONE),
    "api:events": (GET, "event", P.AUDIT_READ, Phi.PSEUDONYM),
    "api:schema": (GET, "", NOBODY, Phi.NONE),
    "api:docs": (GET, "", NOBODY, Phi.NONE),
}
_ADMIN_OPEN = {"login": NOBODY, "logout": OWN, "jsi18n": SIGNED_IN}
_STAFF = "staff (role Administrator)"


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
        raise Undeclared(f"The address {route} ({name or 'without a name'}) has no row in portal.web.matrix.TABLE.")
    return Route(route, name, *TABLE[name])


def _admin(route: str, name: str) -> Route:
    word = name.removeprefix("admin:")
    if word in _ADMIN_OPEN:
        return Route(route, name, BOTH, "", _ADMIN_OPEN[word], Phi.NONE)
    for model, page in admin.site._registry.items():
        if word.startswith(f"{model._meta.app_label}_{model._meta.model_name}_"):
            return Route(route, name, BOTH, str(model._meta.verbose_name), str(page.permission), Phi.NONE)
    return Route(route, name, BOTH, "", _STAFF, Phi.NONE)
