"""What I may see and why, asking for more, and deciding what others ask for."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import grantable, holdings, policy, requests
from portal.access.actors import rights_of
from portal.access.permissions import Permission
from portal.audit import purposes
from portal.core.ids import PATTERN
from portal.core.problems import BadInput, Conflict
from portal.records import sharing
from portal.web import kept
from portal.web.days import end_of, in_days

NAMED = ("name", "mrn", "birth_date")


@require_safe
def access(request):
    """My grants, what I gave, and what I asked for."""
    person, rights = request.user, rights_of(request.user)
    held = holdings.list_grants(by=person, held_by=person)
    context = {
        "live": [holding for holding in held if holding.grant.state != "over"],
        "past": [holding for holding in held if holding.grant.state == "over"][:20],
        "given": holdings.list_grants(by=person, given_by=person),
        "asked": requests.list_requests(by=person, limit=20, asked_by=person),
        "patients": sharing.list_granted(by=person) if Permission.PATIENT_READ in rights else {},
        "may_ask": Permission.ACCESS_ASK in rights,
        "may_decide": Permission.ACCESS_DECIDE in rights,
        "requests_waiting": requests.waiting_for(by=person) if Permission.ACCESS_DECIDE in rights else 0,
    }
    return render(request, "account/access.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request):
    """Ask for a ward, a study or one patient."""
    policy.require(request.user, Permission.ACCESS_ASK)
    if request.method != "POST":
        return _ask_page(request, typed=kept.take(request))
    given = request.POST
    try:
        requests.ask(
            by=request.user, what=given.get("what", ""), purpose=given.get("purpose", ""),
            named={name: given.get(name, "").strip()[:120] for name in NAMED if given.get(name, "").strip()},
            words=given.get("words", ""), until=end_of(given.get("until", "")),
        )  # fmt: skip
    except BadInput as problem:
        return _ask_page(request, typed=given, errors=problem.errors)
    except Conflict as conflict:
        return _ask_page(request, typed=given, errors={"what": conflict.sentence})
    messages.success(request, "Sent. If there is such a one, whoever decides about it has your request.")
    return redirect("account:access")


@require_safe
def inbox(request):
    """What waits for my decision, oldest first."""
    return _inbox_page(request)


@require_POST
def decide(request, asked):
    """Grant or refuse one request."""
    granted = request.POST.get("decision") == "grant"
    until = end_of(request.POST.get("until", ""))
    try:
        requests.decide(by=request.user, on=asked, granted=granted, words=request.POST.get("words", ""), until=until)
    except BadInput as problem:
        return _inbox_page(request, about=asked, errors=problem.errors, status=422)
    except Conflict as conflict:
        return _inbox_page(request, about=asked, errors={"words": conflict.sentence}, status=409)
    messages.success(request, "Granted. The person is told." if granted else "Refused. The person reads your reason.")
    return redirect("account:inbox")


@require_POST
def withdraw(request, asked):
    """Take one of my requests back."""
    return _back(request, lambda: requests.withdraw(by=request.user, on=asked), "Taken back.")


@require_POST
def renew(request, grant):
    """Ask for as long again."""
    said = "Asked. What you have now goes on until its end."
    return _back(request, lambda: requests.renew(by=request.user, on=grant), said)


@require_POST
def end(request, grant):
    """End a share or a granted request, and say what that does not take back."""
    answer = _back(request, lambda: holdings.end_grant(by=request.user, on=grant), _ended)
    patient = request.POST.get("patient", "")
    return redirect("clinic:share", patient) if PATTERN.fullmatch(patient) else answer


def _ask_page(request, *, typed=None, errors=None):
    kinds = grantable.open_to(request.user)
    codes = dict.fromkeys(code for kind in kinds for code in kind.purposes)
    context = {
        "kinds": kinds,
        "listed": sorted(name for kind in kinds if kind.listed for name in kind.listed()),
        "names": {name for kind in kinds for name in kind.named},
        "purposes": [(code, purposes.WORDS[code]) for code in codes],
        "typed": typed or {},
        "errors": errors or {},
        "until": (typed or {}).get("until") or in_days(14),
    }
    return render(request, "account/ask.html", context, status=422 if errors else 200)


def _inbox_page(request, *, about="", errors=None, status=200):
    waiting = requests.read_inbox(by=request.user)
    context = {
        "waiting": [(row, grantable.kind_of(row), purposes.WORDS.get(row.purpose, row.purpose)) for row in waiting],
        "about": about,
        "errors": errors or {},
        "typed": request.POST,
    }
    return render(request, "account/inbox.html", context, status=status)


def _back(request, work, done):
    try:
        result = work()
    except Conflict as conflict:
        messages.warning(request, conflict.sentence)
    else:
        messages.success(request, done if isinstance(done, str) else done(result))
    return redirect("account:access")


def _ended(seen: int) -> str:
    if not seen:
        return "Ended. Nothing was opened under it."
    times = "once" if seen == 1 else f"{seen} times"
    return (
        f"Ended from now on. What cannot be taken back: pages about the patient were opened {times} under it, "
        "and whatever was printed or written down stays where it is."
    )
