"""A version's form: what it asks, how it came to be so, and the page on which it is changed."""

from dataclasses import dataclass, field

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput
from portal.predictions import prefill
from portal.registry import actions as registry
from portal.registry import queries, spec
from portal.registry.studio import actions, draft, revisions
from portal.web import kept
from portal.web.clinic import forms
from portal.web.lab import answers, panels, views


@dataclass(frozen=True)
class _Drawn:
    """A form as a clinician would meet it, for nobody in particular."""

    form: spec.FormSpec
    version: object
    prefilled: dict = field(default_factory=dict)
    last: dict = field(default_factory=dict)


@require_safe
def form(request, version):
    """What a version's form asks, and every state of it; whoever may change it is led to where that is done."""
    on = registry.open_version(by=request.user, on=version)
    if views.may_shape(request.user, on):
        return redirect("lab:form-studio", on.public_id)
    context = _context(request, on) | _preview(on, on.overlay)
    return render(request, "lab/form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def form_studio(request, version):
    """Change a version's form, with what clinicians will meet beside it."""
    on = registry.open_version(by=request.user, on=version)
    policy.require(request.user, Permission.MODEL_SHAPE, on)
    if request.method != "POST":
        return _studio(request, on, typed=kept.take(request))
    typed = draft.read(on, request.POST)
    if "preview" in request.POST:
        return _studio(request, on, typed=request.POST, found=typed, status=422 if typed.errors else 200)
    try:
        if typed.errors:
            raise BadInput(typed.errors | actions.why_fault(request.POST.get("why", "")))
        given = request.POST
        saved = actions.change_form(
            by=request.user, on=on, overlay=typed.overlay, why=given.get("why", ""), seen=given.get("seen")
        )
    except BadInput as problem:
        typed.errors |= problem.errors
        return _studio(request, on, typed=request.POST, found=typed, status=422)
    if saved:
        messages.success(request, f"Saved as form {saved.number}. Clinicians will meet it as the preview shows it.")
    else:
        messages.info(request, "Nothing was changed, so nothing was saved.")
    return redirect("lab:form-studio", on.public_id)


@require_POST
def form_preview(request, version):
    """The form as it would be with what is typed; nothing is saved."""
    # Asked for at every pause in typing: reading the page was written down when it was opened.
    on = queries.versions_seen(request.user).filter(public_id=version).first()
    if on is None:
        raise Http404
    policy.require(request.user, Permission.MODEL_SHAPE, on)
    found = draft.read(on, request.POST)
    context = {"version": on, "errors": panels.summary(found.errors)} | _preview(on, draft.drawable(on, found))
    return render(request, "lab/_form_preview.html", context)


@require_POST
def form_back(request, version):
    """Make an earlier state the form again."""
    saved = actions.put_back(by=request.user, on=version, number=request.POST.get("number", ""))
    messages.success(request, f"Form {saved.back_to} stands again, as form {saved.number}.")
    return redirect("lab:form-studio", version)


def _studio(request, on, *, typed=None, found=None, status=200):
    found = found or (draft.read(on, typed) if typed is not None else draft.Draft(on.overlay))
    errors = found.errors if typed is not None else {}
    drawn = draft.drawable(on, found)
    form = spec.of(on.facts, drawn)
    context = _context(request, on) | _preview(on, drawn)
    context |= {
        "closed": actions.closed(request.user, on),
        "groups_of_panels": panels.panels(form, drawn, typed, errors),
        "answer": answers.panel(on, drawn, typed, errors),
        "lists": panels.lists(form),
        "errors": errors,
        "summary": panels.summary(errors),
        "why": (typed or {}).get("why", ""),
        "seen": (typed or {}).get("seen") or revisions.newest(on),
        "restored": typed is not None and request.method == "GET",
    }
    return render(request, "lab/form_studio.html", context, status=status)


def _context(request, on) -> dict:
    return {
        "version": on,
        "history": actions.history(by=request.user, on=on),
        "newest": revisions.newest(on),
    }


def _preview(on, overlay: dict) -> dict:
    form = spec.of(on.facts, overlay)
    shown = _Drawn(form, _Overlaid(overlay), prefill.proposals(form))
    left = [one for one in form.fields if not one.asked]
    return {
        "groups": forms.groups(shown, typed=None, errors={}),
        "left": left,
        "answer_example": answers.example(on.facts, overlay),
    }


@dataclass(frozen=True)
class _Overlaid:
    overlay: dict
