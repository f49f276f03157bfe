"""My patients, one patient, one model's form, one result."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.compute import quotas
from portal.core import clock
from portal.core.ids import new_id
from portal.core.problems import BadInput, Conflict
from portal.predictions import actions as predictions
from portal.predictions import again as again_verbs
from portal.predictions import drafts
from portal.records import actions as records
from portal.registry import queries as registry
from portal.registry.cards.attestations import AttestationNeeded
from portal.web import kept
from portal.web.clinic import cards, forms, opinions, tallies

AT_ONCE, _MOST = 20, 1000


@require_safe
def patient(request, patient):
    """One patient: which models apply, what was run before, what the record holds."""
    record = records.open_patient(by=request.user, on=patient)
    if record.survivor:
        return redirect("clinic:patient", record.survivor)
    shown = _shown(request)
    earlier = predictions.list_predictions(by=request.user, on=patient, limit=shown + 1)
    context = {
        "patient": record.patient,
        "record": record,
        "sharing": record.sharing,
        "measured": _by_code(record.measured),
        "earlier": _by_age(earlier[:shown]),
        "more_address": f"?results={shown + AT_ONCE}#results" if len(earlier) > shown else "",
        "models": registry.runnable(request.user),
    }
    return render(request, "clinic/patient.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def form(request, patient, model):
    """A model's form, filled from the record; a post that is accepted leads to the result's page."""
    version = _version(request, model)
    try:
        return _form(request, patient, version)
    except AttestationNeeded:
        # What was typed waits until the card was read.
        if request.method == "POST":
            drafts.keep(by=request.user, on=patient, version=version, typed=forms.typed_in(request.POST))
        return cards.first(patient, version)


def _form(request, patient, version):
    if request.method == "POST":
        try:
            given = forms.read(request.POST)
            given["inputs"] = forms.with_files(request, patient, version, given["inputs"])
            accepted = predictions.request(by=request.user, on=patient, version=version, **given)
            drafts.drop(by=request.user, on=patient, version=version, page=request.POST.get("page", ""))
            return redirect("clinic:prediction", accepted.prediction)
        except BadInput as problem:
            return _form_page(request, patient, version, typed=request.POST, errors=problem.errors, status=422)
    return _form_page(request, patient, version, typed=forms.untouched_anew(kept.take(request)))


@require_POST
def draft(request, patient, model):
    """Keep what is typed so far, or with `discard` throw it away; sent by the page while one types, and late with 409."""
    version = _version(request, model)
    if "discard" in request.POST:
        drafts.drop(by=request.user, on=patient, version=version, page=request.POST.get("page", ""))
        query = request.META["QUERY_STRING"]
        return redirect(reverse("clinic:form", args=[patient, model]) + (f"?{query}" if query else ""))
    kept = drafts.keep(
        by=request.user, on=patient, version=version, typed=forms.typed_in(request.POST),
        page=request.POST.get("page", ""),
    )  # fmt: skip
    return HttpResponse(status=204 if kept else 409)


@require_safe
def prediction(request, prediction):
    """One prediction: where it is, or what it answered."""
    return opinions.show(request, prediction)


@require_safe
def prediction_status(request, prediction):
    """The live part of a prediction's page."""
    return opinions.follow(request, prediction)


@require_POST
def cancel(request, prediction):
    """Stop a prediction that is not done."""
    try:
        predictions.cancel(by=request.user, on=prediction)
        messages.success(request, "Cancelled. Nothing was charged to your day.")
    except Conflict as conflict:
        messages.warning(request, conflict.sentence)
    return redirect("clinic:prediction", prediction)


@require_POST
def again(request, prediction):
    """Run what has ended once more: with the same answers, or with them on the form to be changed."""
    try:
        if "edit" in request.POST:
            return _on_the_form(request, prediction)
        return redirect("clinic:prediction", again_verbs.run_again(by=request.user, on=prediction).prediction)
    except Conflict as conflict:
        messages.warning(request, conflict.sentence)
    except BadInput as problem:
        messages.warning(request, " ".join(problem.errors.values()))
    return redirect("clinic:prediction", prediction)


def _on_the_form(request, prediction):
    view = predictions.open_prediction(by=request.user, on=prediction)
    if not again_verbs.prepare(by=request.user, on=prediction, prefix=forms.PREFIX):
        messages.info(request, "You had begun this form already; what stands there was left as it is.")
    address = reverse("clinic:form", args=[view.patient.public_id, view.model])
    return redirect(f"{address}?version={view.version}")


def _shown(request) -> int:
    text = request.GET.get("results", "")
    return min(int(text), _MOST) if text.isdecimal() and 0 < len(text) < 7 and int(text) > AT_ONCE else AT_ONCE


def _by_age(earlier: list) -> list[tuple[str, list]]:
    """Results of the last seven days apart from those before, newest first."""
    week = clock.now() - timedelta(days=7)
    new = [item for item in earlier if item.created_at >= week]
    old = [item for item in earlier if item.created_at < week]
    return [(words, items) for words, items in (("This week", new), ("Earlier", old)) if items]


def _by_code(measured: list) -> list[tuple]:
    """The newest value of each kind with those before it; both newest first."""
    found: dict[str, list] = {}
    for item in measured:
        found.setdefault(item.code or item.label, []).append(item)
    return [(items[0], items[1:6], len(items) - 1) for items in found.values()]


def _version(request, slug):
    try:
        return predictions.choose_version(by=request.user, slug=slug, number=_number(request))
    except BadInput:
        raise Http404 from None


def _form_page(request, patient, version, *, typed=None, errors=None, status=200):
    blank = predictions.open_form(by=request.user, on=patient, version=version)
    back = blank.draft if typed is None else None
    if back:
        typed = forms.untouched_anew(back.typed)
    grouped = forms.groups(blank, typed=typed, errors=errors or {})
    tally = tallies.tally(grouped, blank.version.overlay)
    stops = [rule.sentence for rule in blank.rules if rule.state == "unmet"]
    context = {
        "patient": blank.patient,
        "version": blank.version,
        "groups": grouped,
        "tally": tally,
        "rules": blank.rules,
        "stops": stops,
        "ready": not (errors or stops or typed) and tallies.is_ready(tally),
        "others": _others(request, version) if stops else [],
        "has_file": any(field.is_file for field in blank.form.fields),
        "summary": tallies.summary(grouped, errors or {}),
        "refused": bool(errors),
        "page_at": clock.now(),
        "draft": back,
        "page": new_id(),
        "restored": typed is not None and not errors and not back,
        "query": f"?{request.META['QUERY_STRING']}" if request.META["QUERY_STRING"] else "",
        "left_today": max(0, quotas.limit_of(request.user.pk) - quotas.taken_today(request.user.pk)),
    }
    return render(request, "clinic/form.html", context, status=status)


def _others(request, version) -> list:
    return [other for other in registry.runnable(request.user) if other.model_id != version.model_id]


def _number(request) -> int | None:
    text = request.GET.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 9 else None
