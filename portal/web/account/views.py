"""One's own tokens: issued once in clear, listed by last use, revoked in one action."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.access import actions, policy
from portal.access.actors import rights_of
from portal.access.permissions import Permission
from portal.accounts.models import ApiToken
from portal.core.problems import BadInput


@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request):
    """My tokens; a new one is shown in the answer to the post and never again."""
    policy.require(request.user, Permission.TOKEN_ISSUE)
    context = {"scopes": sorted(rights_of(request.user)), "typed": request.POST, "errors": {}}
    if request.method == "POST":
        try:
            context["issued"] = actions.issue_token(
                by=request.user, on=request.user, scopes=request.POST.getlist("scopes") or ["*"],
                days=_days(request), label=request.POST.get("label", "")[:80],
            )  # fmt: skip
        except BadInput as problem:
            context["errors"] = problem.errors
    context["tokens"] = ApiToken.objects.filter(user=request.user).order_by("-id")[:50]
    return render(request, "account/tokens.html", context, status=422 if context["errors"] else 200)


@require_POST
def revoke(request, token):
    """End one of my tokens."""
    actions.revoke_token(by=request.user, on=token)
    messages.success(request, "Revoked. The next call with that token is refused.")
    return redirect("account:tokens")


def _days(request) -> int:
    text = request.POST.get("days", "30")
    return int(text) if text.isdecimal() and len(text) < 6 else 0
