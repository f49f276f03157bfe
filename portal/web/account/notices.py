"""What I was told, and what I want to be told of."""

from datetime import time
from itertools import groupby

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_time
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import notices, policy, preferences
from portal.access.permissions import Permission
from portal.access.schedule import Way
from portal.core.problems import BadInput
from portal.predictions import recalls
from portal.web import kept

SIZE = 50
# What leads to each kind of object, in the words of the link; without an argument where the page holds many.
PLACES = {
    "request to decide": ("account:inbox", False, "Decide about it"),
    "own request": ("account:access", False, "See the answer"),
    "case": ("oversight:case", True, "Open the case"),
    "person": ("oversight:person-report", True, "See what was done"),
    "patient": ("clinic:patient", True, "Open the patient"),
    "dataset": ("lab:dataset", True, "Open the dataset"),
    "result": ("clinic:prediction", True, "Open the result"),
    "incident": ("oversight:incident", True, "Look at the report"),
    "review": ("lab:review", True, "Open the review"),
    "version": ("lab:version", True, "Open the version"),
    "evidence": ("lab:evidence", True, "Read which case"),
    "recall": ("account:recall", True, "Read which results"),
}
WAYS = {Way.NOW: "At once", Way.DIGEST: "In the daily digest", Way.NOT: "Not by e-mail"}


@require_safe
def show(request):
    """What I was told: first what I have not read, then the rest, each day by day."""
    before = _number(request.GET.get("before", ""))
    new = [] if before else notices.open_notices(by=request.user, unread=True, limit=SIZE)
    old = notices.open_notices(by=request.user, unread=False, before=before, limit=SIZE + 1)
    duties = recalls.open_duties(by=request.user)
    waiting = {one.public_id for one in duties}
    context = {
        "duties": [] if before else duties,
        "new": _by_day([told for told in new if told.notice.about not in waiting]),
        "old": _by_day([told for told in old[:SIZE] if told.notice.about not in waiting]),
        "before": old[SIZE - 1].notice.pk if len(old) > SIZE else "",
        "later": before,
    }
    return render(request, "account/notices.html", context)


@require_POST
def read(request):
    """Mark all that I was told as read."""
    notices.read_all(by=request.user)
    return redirect("account:notices")


@require_POST
def read_one(request, notice):
    """Mark one of them as read."""
    notices.read_one(by=request.user, on=notice)
    return redirect("account:notices")


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request):
    """Choose, for each kind of notice, what reaches me and when."""
    policy.require(request.user, Permission.NOTICE_READ)
    if request.method != "POST":
        return _settings_page(request, typed=kept.take(request))
    given = request.POST
    try:
        preferences.change(
            by=request.user, mail={name[5:]: value for name, value in given.items() if name.startswith("mail-")},
            counted=given.getlist("counted"), quiet=(_time(given, "quiet-from"), _time(given, "quiet-until")),
            digest_at=_time(given, "digest-at"),
        )  # fmt: skip
    except BadInput as problem:
        return _settings_page(request, typed=given, errors=problem.errors)
    messages.success(request, "Saved. What waits for its e-mail keeps to it too.")
    return redirect("account:notice-settings")


def _settings_page(request, *, typed=None, errors=None):
    chosen, kinds = preferences.open_settings(by=request.user)
    quiet = chosen.quiet or ("", "")
    at = {"quiet-from": quiet[0], "quiet-until": quiet[1], "digest-at": chosen.digest_at}
    context = {
        "rows": [_row(name, kind, chosen, typed) for name, kind in kinds.items()],
        "hours": {name: typed.get(name, "") if typed is not None else _clock(value) for name, value in at.items()},
        "urgent": [kind.title for kind in kinds.values() if kind.urgent],
        "zone": timezone.get_default_timezone_name(),
        "address": request.user.email,
        "errors": errors or {},
        "restored": typed is not None and not errors,
    }
    return render(request, "account/notice_settings.html", context, status=422 if errors else 200)


def _row(name: str, kind, chosen, typed) -> dict:
    way = typed.get(f"mail-{name}", "") if typed is not None else chosen.way(name)
    counted = name in typed.getlist("counted") if typed is not None else chosen.counts(name)
    return {
        "name": name,
        "title": kind.title,
        "safety": kind.safety,
        "urgent": kind.urgent,
        "counted": counted or kind.safety,
        "ways": [(value, WAYS[value], value == way) for value in kind.ways],
    }


def _by_day(found: list[notices.Told]) -> list[tuple]:
    days = groupby(found, key=lambda told: timezone.localtime(told.notice.created_at).date())
    return [(day, [(told, *_link(told.subject)) for told in group]) for day, group in days]


def _link(subject) -> tuple[str, str]:
    if subject is None or subject.kind not in PLACES:
        return "", ""
    route, named, words = PLACES[subject.kind]
    return reverse(route, args=[subject.id] if named else []), words


def _time(given, name: str) -> time | str | None:
    """A time of day; the text itself where it is none."""
    text = given.get(name, "").strip()[:8].replace(".", ":")
    try:
        return (parse_time(text) or text) if text else None
    except ValueError:
        return text


def _clock(value) -> str:
    return value.strftime("%H:%M") if value else ""


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 18 else None
