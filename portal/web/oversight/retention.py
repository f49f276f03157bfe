"""For how long events are kept: the policies so far, and a new one in two steps."""

from datetime import datetime, time

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from portal.access import ledger, policy
from portal.access.permissions import Permission
from portal.accounts import fresh
from portal.audit import purges
from portal.audit.models import LEAST_YEARS, AuditEvent, RetentionPolicy, Tombstone
from portal.core.problems import BadInput


@require_http_methods(["GET", "HEAD", "POST"])
def retention(request):
    """Every policy and purge; a new policy is shown with what it would allow before it is set."""
    policy.require(request.user, Permission.AUDIT_RETAIN)
    if request.method != "POST":
        return _page(request, {})
    try:
        years, reason = _years(request.POST.get("years", "")), request.POST.get("reason", "").strip()
        ledger.check_retention(years, reason)
        if "confirmed" not in request.POST:
            return render(request, "oversight/retention_confirm.html", _consequences(years, reason))
        fresh.require(request)
        ledger.set_retention(by=request.user, years=years, reason=reason)
    except BadInput as problem:
        return _page(request, problem.errors)
    messages.success(request, f"From today events of the audit log are kept for {years} years.")
    return redirect("oversight:retention")


def _years(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= 4):
        raise BadInput({"years": f"Years: “{text[:20]}” is not a whole number. Six is the least the law allows."})
    return int(text)


def _consequences(years: int, reason: str) -> dict:
    now, day = purges.policy(), purges.latest_day(years)
    return {
        "years": years,
        "reason": reason,
        "now": now,
        "shorter": now is not None and years < now.years,
        "day": day,
        "older": AuditEvent.objects.filter(recorded_at__lt=timezone.make_aware(datetime.combine(day, time()))).count(),
    }


def _page(request, errors: dict):
    context = {
        "policies": RetentionPolicy.objects.all()[:50],
        "in_force": purges.policy(),
        "purges": Tombstone.objects.order_by("-first_seal")[:50],
        "least": LEAST_YEARS,
        "errors": errors,
        "typed": request.POST,
    }
    return render(request, "oversight/retention.html", context, status=422 if errors else 200)
