"""Proposing a version for approval, and narrowing it to wards."""

from datetime import date

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_http_methods

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Problem
from portal.registry import actions, bundle
from portal.registry.review import difference, scope
from portal.registry.states import VersionState
from portal.web import kept
from portal.web.lab.parts import owing

# So many of what is owed are named after submitting; the version's page lists all.
_NAMED = 3


@require_http_methods(["GET", "HEAD", "POST"])
def submit(request, version):
    """Propose a version: for which wards, until when, and what is new in it."""
    on = actions.open_version(by=request.user, on=version)
    policy.require(request.user, Permission.MODEL_SUBMIT, on)
    if request.method != "POST":
        return _submission(request, on, typed=kept.take(request))
    try:
        actions.submit(by=request.user, on=on, **_proposed(request.POST, on))
    except Problem as problem:
        errors = problem.errors if isinstance(problem, BadInput) else {"expires_on": problem.sentence}
        return _submission(request, on, errors=errors, status=problem.status)
    messages.success(request, _said(request.user, on))
    return redirect("lab:version", on.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
def narrow(request, version):
    """Limit a version that nobody has signed yet to fewer wards."""
    on = actions.open_version(by=request.user, on=version)
    policy.require(request.user, Permission.MODEL_REVIEW, on)
    errors, status = {}, 200
    if request.method == "POST":
        try:
            scope.narrow(by=request.user, on=on, care_units=_wards(request.POST))
            messages.success(request, "Limited. The wards stand under “Where it may be used”.")
            return redirect("oversight:approval", on.public_id)
        except Problem as problem:
            errors = problem.errors if isinstance(problem, BadInput) else {"wards": problem.sentence}
            status = problem.status
    chosen = set(request.POST.getlist("wards")) or set(on.care_units.values_list("public_id", flat=True))
    context = {
        "version": on,
        "wards": [(unit, unit.public_id in chosen) for unit in scope.proposed(on)],
        "errors": errors,
        "open": on.state == VersionState.SUBMITTED,
    }
    return render(request, "lab/narrow.html", context, status=status)


def _said(by, on) -> str:
    """What follows a submission; what is still owed is named again, each with the way to where it is put right."""
    missing = bundle.missing(on)
    if not missing:
        return (
            "Submitted. Two reviewers have to sign, one for the clinic and one for data science, before it can be run."
        )
    owed = format_html_join(" ", '<a href="{1}">{0}</a>', owing(by, on, missing[:_NAMED]))
    more = len(missing) - _NAMED
    rest = format_html(' And <a href="#missing">{} more</a>.', more) if more > 0 else ""
    return format_html("Submitted. Before anyone can sign: {}{}", owed, rest)


def _submission(request, on, *, errors=None, typed=None, status=200):
    given = typed or request.POST
    chosen = set(given.getlist("wards")) if given else set()
    context = {
        "version": on,
        "is_draft": on.state == VersionState.DRAFT,
        "before": difference.approved_before(on),
        "wards": [(unit, unit.public_id in chosen) for unit in scope.wards()],
        "some": given.get("where") == "some" if given else False,
        "last_day": given.get("expires_on") or actions.default_last_day().isoformat(),
        "changes": given.get("changes", ""),
        "missing": bundle.missing(on),
        "errors": errors or {},
        "restored": bool(typed),
    }
    return render(request, "lab/submit.html", context, status=status)


def _proposed(given, on) -> dict:
    wards = _wards(given) if given.get("where") == "some" else []
    if given.get("where") == "some" and not wards:
        raise BadInput({"wards": "Choose at least one ward, or all of them."})
    changes = given.get("changes", "").strip()
    if difference.approved_before(on) and "changes" in given and len(changes) < 5:
        raise BadInput({"changes": "Say in a sentence what is new since the version that was approved."})
    return {"expires_on": _day(given.get("expires_on", "")), "care_units": wards, "changes": changes}


def _wards(given) -> list:
    wanted = set(given.getlist("wards"))
    return [unit for unit in scope.wards() if unit.public_id in wanted]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError:
        raise BadInput({"expires_on": f"“{text[:20]}” is not a day. Write it as 2027-11-08."}) from None
