"""Single sign-on as the environment configures it: one OpenID Connect provider, and what its groups may do."""

from hashlib import sha256

from django.core.exceptions import ImproperlyConfigured

from portal.core.env import envbool, envsecret, envstr, envwords


def from_environment(known_roles) -> dict:
    """The provider's settings; empty when no issuer is named."""
    issuer = envstr("FORMULARY_OIDC_ISSUER").rstrip("/")
    if not issuer:
        return {}
    return {
        "issuer": issuer,
        # Another issuer is another provider: its subjects are other people.
        "id": f"sso-{sha256(issuer.encode()).hexdigest()[:8]}",
        "name": envstr("FORMULARY_OIDC_NAME", "the hospital's sign-in"),
        "client_id": envstr("FORMULARY_OIDC_CLIENT_ID"),
        "secret": envsecret("FORMULARY_OIDC_CLIENT_SECRET") or "",
        "scopes": ["openid", "profile", "email", *envwords("FORMULARY_OIDC_SCOPES")],
        "groups_claim": envstr("FORMULARY_OIDC_GROUPS_CLAIM", "groups"),
        "roles": _roles(known_roles),
        "trust_second_factor": envbool("FORMULARY_OIDC_TRUST_SECOND_FACTOR"),
    }


def providers(sso: dict) -> dict:
    """The same as allauth wants it."""
    if not sso:
        return {}
    app = {
        "provider_id": sso["id"], "name": sso["name"], "client_id": sso["client_id"], "secret": sso["secret"],
        "settings": {"server_url": sso["issuer"], "fetch_userinfo": True},
    }  # fmt: skip
    return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True, "SCOPE": sso["scopes"]}}


def _roles(known) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in envwords("FORMULARY_OIDC_ROLES"):
        group, _, role = pair.rpartition("=")
        if not group or role not in known:
            raise ImproperlyConfigured(
                f"FORMULARY_OIDC_ROLES has “{pair}”; write group=role, separated by commas, with a role of {', '.join(known)}."
            )
        found.setdefault(group.strip(), set()).add(role)
    return {group: frozenset(roles) for group, roles in found.items()}
