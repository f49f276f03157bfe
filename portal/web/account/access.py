"""What I may see and why, asking for more, and deciding what others ask for."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import grants, notices, policy, requests
from portal.access.actors import rights_of
from portal.access.models import Purpose
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Conflict
from portal.records import sharing
from portal.web.days import end_of, in_days

NAMED = ("name", "mrn", "birth_date")


@require_safe
def access(request):
    """My grants, what I gave, what I asked for, and what I was told."""
    person, rights = request.user, rights_of(request.user)
    held = requests.list_grants(by=person, of=person)
    opened = sharing.list_opened(by=person) if Permission.PATIENT_READ in rights else []
    context = {
        "news": [(row, notices.TEXTS[row.kind]) for row in notices.unread(person)],
        "live": [grant for grant in held if grant.state in ("in force", "to come")],
        "past": [grant for grant in held if grant.state in ("ended", "expired")][:20],
        "given": requests.list_grants(by=person, of=person, given=True),
        "asked": requests.list_requests(by=person, limit=20, of=person),
        "patients": {grant.public_id: patient for grant, patient in opened},
        "may_ask": Permission.ACCESS_ASK in rights,
        "may_decide": Permission.ACCESS_DECIDE in rights,
    }
    return render(request, "account/access.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request):
    """Ask for a ward, a study or one patient."""
    policy.require(request.user, Permission.ACCESS_ASK)
    errors = {}
    if request.method == "POST":
        posted = request.POST
        try:
            requests.ask(
                by=request.user, what=posted.get("what", ""), purpose=posted.get("purpose", ""),
                named={name: posted.get(name, "").strip()[:120] for name in NAMED if posted.get(name, "").strip()},
                reason=posted.get("reason", ""), until=end_of(posted.get("until", "")),
            )  # fmt: skip
        except BadInput as problem:
            errors = problem.errors
        except Conflict as conflict:
            errors = {"what": conflict.sentence}
        else:
            messages.success(request, "Sent. If there is such a one, whoever decides about it has your request.")
            return redirect("account:access")
    kinds = [kind for kind in grants.kinds().values() if request.user.role_names & set(kind.asks)]
    context = {
        "kinds": kinds,
        "purposes": [(code, Purpose(code).label) for code in dict.fromkeys(c for kind in kinds for c in kind.purposes)],
        "typed": request.POST,
        "errors": errors,
        "until": request.POST.get("until") or in_days(14),
    }
    return render(request, "account/ask.html", context, status=422 if errors else 200)


@require_safe
def inbox(request):
    """What waits for my decision, oldest first."""
    return _inbox(request)


@require_POST
def decide(request, asked):
    """Grant or refuse one request."""
    granted = request.POST.get("decision") == "grant"
    until = end_of(request.POST.get("until", ""))
    try:
        requests.decide(by=request.user, on=asked, granted=granted, reason=request.POST.get("reason", ""), until=until)
    except BadInput as problem:
        return _inbox(request, about=asked, errors=problem.errors, status=422)
    except Conflict as conflict:
        return _inbox(request, about=asked, errors={"reason": conflict.sentence}, status=409)
    messages.success(request, "Granted. The person is told." if granted else "Refused. The person reads your reason.")
    return redirect("account:inbox")


@require_POST
def withdraw(request, asked):
    """Take one of my requests back."""
    _try(request, lambda: requests.withdraw(by=request.user, on=asked), "Taken back.")
    return redirect("account:access")


@require_POST
def renew(request, grant):
    """Ask for as long again."""
    _try(
        request,
        lambda: requests.ask_again(by=request.user, on=grant),
        "Asked. What you have now goes on until its end.",
    )
    return redirect("account:access")


@require_POST
def end(request, grant):
    """End a share or a granted request, and say what that does not take back."""
    _try(request, lambda: requests.end_grant(by=request.user, on=grant), _ended)
    return redirect("account:access")


@require_POST
def read(request):
    """Mark what I was told as read."""
    notices.read_all(by=request.user)
    return redirect("account:access")


def _inbox(request, *, about="", errors=None, status=200):
    waiting = requests.read_inbox(by=request.user)
    context = {
        "waiting": [(row, grants.kinds()[row.object_type]) for row in waiting],
        "about": about,
        "errors": errors or {},
        "typed": request.POST,
    }
    return render(request, "account/inbox.html", context, status=status)


def _try(request, work, done) -> None:
    try:
        result = work()
    except Conflict as conflict:
        messages.warning(request, conflict.sentence)
    else:
        messages.success(request, done if isinstance(done, str) else done(result))


def _ended(seen: int) -> str:
    if not seen:
        return "Ended. Nothing was opened under it."
    times = "once" if seen == 1 else f"{seen} times"
    return (
        f"Ended from now on. What cannot be taken back: the patient's pages were opened {times} under it, "
        "and whatever was printed or written down stays where it is."
    )
