"""The officer's signed word that the log of a period was reviewed, and which days nobody has signed for."""

from datetime import date, timedelta

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods

from portal.access import ledger, policy
from portal.access.permissions import Permission
from portal.audit.models import AuditEvent, PeriodReview
from portal.core import clock
from portal.core.problems import BadInput
from portal.web import proofs
from portal.web.oversight.events import warnings

DAY = timedelta(days=1)
ABOUT = "review of a period"


@require_http_methods(["GET", "HEAD", "POST"])
def reviews(request):
    """The reviews so far, the days between them, and the form that signs the next."""
    policy.require(request.user, Permission.AUDIT_SIGN)
    if request.method != "POST":
        return _page(request, {}, _proposal())
    try:
        _sign(request)
    except BadInput as problem:
        return _page(request, problem.errors, request.POST)
    messages.success(request, "Signed. The period is listed below.")
    return redirect("oversight:reviews")


def gaps(reviews, first: date, last: date) -> list[tuple[date, date]]:
    """The spans of days from `first` to `last` that no review covers."""
    found, day = [], first
    for since, until in sorted((review.since, review.until) for review in reviews):
        if since > day:
            found.append((day, min(since - DAY, last)))
        day = max(day, until + DAY)
    return [*found, (day, last)] if day <= last else found


def _sign(request) -> None:
    days, errors = {}, {}
    for name in ("since", "until"):
        days[name] = _day(request.POST.get(name, ""))
        if days[name] is None:
            errors[name] = f"“{request.POST.get(name, '')[:20]}” is not a date. Write it as 2026-11-08."
    if errors:
        raise BadInput(errors)
    proof = proofs.take(request, ABOUT)  # it serves once: everything else is checked by the verb in the same request
    ledger.sign_period(by=request.user, note=request.POST.get("note", ""), proof=proof, **days)


def _day(text: str) -> date | None:
    try:
        return parse_date(text.strip())
    except ValueError:
        return None


def _yesterday() -> date:
    return clock.today() - DAY


def _began() -> date | None:
    first = AuditEvent.objects.order_by("id").values_list("recorded_at", flat=True).first()
    return timezone.localdate(first) if first else None


def _open_days() -> list[tuple[date, date]]:
    first = _began()
    return gaps(PeriodReview.objects.all(), first, _yesterday()) if first else []


def _proposal() -> dict:
    spans = _open_days()
    since, until = spans[0] if spans else (_yesterday(), _yesterday())
    return {"since": since.isoformat(), "until": until.isoformat()}


def _page(request, errors: dict, typed):
    context = {
        "reviews": PeriodReview.objects.all()[:50],
        "gaps": _open_days(),
        "began": _began(),
        "young": (_began() or _yesterday() + DAY) > _yesterday(),
        "errors": errors,
        "typed": typed,
        "alarms": warnings(),
        "proof": proofs.offer(request, ABOUT),
    }
    return render(request, "oversight/reviews.html", context, status=422 if errors else 200)
