"""One's own tokens: issued once in clear, listed by last use, revoked in one action."""

from datetime import timedelta

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_http_methods, require_POST

from portal.access import actions, policy
from portal.access.actors import rights_of
from portal.access.permissions import Permission
from portal.accounts.models import ApiToken
from portal.core import clock
from portal.core.problems import BadInput

SOON = timedelta(days=7)


@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request):
    """My tokens; a new one is shown in the answer to the post and never again."""
    policy.require(request.user, Permission.TOKEN_ISSUE)
    context = {
        "scopes": sorted(rights_of(request.user) - {Permission.ACCOUNT_OWN, Permission.BREAK_GLASS}),
        "typed": request.POST,
        "errors": {},
    }
    if request.method == "POST":
        try:
            context["issued"] = actions.issue_token(
                by=request.user, on=request.user.public_id, scopes=request.POST.getlist("scopes") or ["*"],
                days=_days(request), label=request.POST.get("label", "")[:80],
            )  # fmt: skip
        except BadInput as problem:
            context["errors"] = problem.errors
    context |= {"tokens": ApiToken.objects.filter(user=request.user).order_by("-id")[:50], "now": clock.now()}
    context["soon"] = context["now"] + SOON
    return render(request, "account/tokens.html", context, status=422 if context["errors"] else 200)


@require_POST
def revoke(request, token):
    """End one of my tokens."""
    actions.revoke_token(by=request.user, on=token)
    messages.success(request, "Revoked. The next call with that token is refused.")
    return redirect("account:tokens")


def warn_of_ending(request, person) -> None:
    """Say at the sign-in which tokens end within a week, before a program of theirs stops."""
    now = clock.now()
    ending = ApiToken.objects.filter(user=person, revoked_at=None, expires_at__gt=now, expires_at__lt=now + SOON)
    for token in ending.order_by("expires_at")[:3]:
        day = f"{localtime(token.expires_at):%-d %b %Y, %H:%M}"
        messages.warning(
            request, f"Your token “{token.label or 'without a name'}” ends on {day}. Issue a new one before."
        )


def _days(request) -> int:
    text = request.POST.get("days", "30")
    return int(text) if text.isdecimal() and len(text) < 6 else 0
