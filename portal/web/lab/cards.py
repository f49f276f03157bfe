"""Model cards: as the rule counts them, as people read them, on paper, and as files."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput
from portal.datasets import store
from portal.datasets.runtime.vault import Reader
from portal.registry import bundle, queries
from portal.registry.cards import actions, chai, paper, plain
from portal.registry.states import SHOWN_TO_CLINIC, WAITING, VersionState
from portal.web import kept
from portal.web.lab import card_forms


@require_safe
def card(request, version):
    """Every value of a version's card with its author, day and history, and what is still missing."""
    opened = actions.open_card(by=request.user, on=version)
    on = opened.version
    context = {
        "version": on,
        "opened": opened,
        "groups": [(group, lines, _live(opened, lines)) for group, lines in opened.card.groups()],
        "own": opened.card.own(),
        "more": opened.card.more(),
        "missing": [one for one in bundle.missing(on) if one.part == "card"] if on.state in {VersionState.DRAFT, *WAITING} else [],
        "may_change": _may_change(request.user, on),
    }  # fmt: skip
    return render(request, "lab/card.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request, version, group):
    """Write one group of a version's card."""
    opened = actions.open_card(by=request.user, on=version)
    on, found = opened.version, opened.card.group(group)
    if found is None:
        raise Http404
    policy.require(request.user, Permission.CARD_WRITE, on)
    if request.method == "POST":
        return _save(request, on, *found)
    if not actions.may_be_changed(on):
        messages.warning(request, actions.FIXED)
        return redirect("lab:card", on.public_id)
    return _form(request, on, *found, typed=kept.take(request))


@require_http_methods(["GET", "HEAD", "POST"])
def bring(request, version):
    """Show what a CHAI file would change, and take it over when that is confirmed."""
    on = actions.open_card(by=request.user, on=version).version
    policy.require(request.user, Permission.CARD_WRITE, on)
    if request.method != "POST" and not actions.may_be_changed(on):
        messages.warning(request, actions.FIXED)
        return redirect("lab:card", on.public_id)
    context = {"version": on, "errors": {}}
    if request.method != "POST":
        return render(request, "lab/card_file.html", context)
    try:
        content = _content(request)
        if "seen" in request.POST:
            keys = actions.take_file(by=request.user, on=on, content=content, seen=request.POST["seen"])
            messages.success(request, f"Taken over: {len(keys)} value{'' if len(keys) == 1 else 's'}.")
            return redirect("lab:card", on.public_id)
        context |= {"preview": actions.preview(by=request.user, on=on, content=content), "content": content.decode()}
        return render(request, "lab/card_file.html", context)
    except BadInput as problem:
        return render(request, "lab/card_file.html", context | {"errors": problem.errors}, status=problem.status)


@require_safe
def file(request, version):
    """The card as CHAI Applied Model Card v0.2 XML."""
    content = actions.export(by=request.user, on=version, form="xml")
    return _download(content, "application/xml", f"{_named(request.user, version)}.xml")


@require_safe
def card_paper(request, version):
    """The card as a PDF that carries its XML."""
    content = paper.print_card(by=request.user, on=version)
    return _download(content, "application/pdf", f"{_named(request.user, version)}.pdf")


def _named(by, version: str) -> str:
    """How a file about a version is called: by its model and its number."""
    on = queries.versions_seen(by).get(public_id=version)
    return f"{on.model.slug}-{on.number}"


@require_safe
def model_card(request, model):
    """The card of a model in plain words: of the version in use, else of the newest that one may see."""
    seen = queries.versions_seen(request.user).filter(model__slug=model).order_by("-number")
    found = _chosen(seen, request.GET.get("version", ""))
    if found is None:
        raise Http404
    opened = actions.open_card(by=request.user, on=found.public_id)
    context = {
        "version": opened.version,
        "opened": opened,
        "parts": plain.parts(opened),
        "device": plain.device(opened),
        "own": opened.card.own(),
        "signatures": opened.version.signatures.select_related("signer"),
        "may_run": policy.decide(request.user, Permission.PREDICTION_RUN, opened.version).allowed,
    }
    return render(request, "lab/model_card.html", context)


def _chosen(seen, number: str):
    if number.isdecimal() and len(number) < 9:
        return seen.filter(number=int(number)).first()
    return seen.filter(state=VersionState.APPROVED).first() or seen.filter(state__in=SHOWN_TO_CLINIC).first() or seen.first()  # fmt: skip


def _live(opened, lines) -> dict[str, tuple[str, ...]]:
    return {
        line.item.key: opened.local.of(line.item.number) for line in lines if line.item.key.startswith("attribute.")
    }


def _may_change(by, on) -> bool:
    return actions.may_be_changed(on) and policy.decide(by, Permission.CARD_WRITE, on).allowed


def _save(request, on, group, lines):
    try:
        keys = actions.write(by=request.user, on=on, raw=card_forms.raw_of(lines, request.POST))
    except BadInput as problem:
        return _form(request, on, group, lines, typed=request.POST, errors=problem.errors, status=422)
    said = f"Saved: {len(keys)} change{'' if len(keys) == 1 else 's'}." if keys else "Nothing was changed."
    messages.success(request, said)
    return redirect("lab:card", on.public_id)


def _form(request, on, group, lines, *, typed=None, errors=None, status=200):
    context = {
        "version": on, "group": group, "questions": card_forms.questions(lines, typed, errors), "errors": errors or {},
        "restored": typed is not None and not errors,
    }  # fmt: skip
    return render(request, "lab/card_change.html", context, status=status)


def _content(request) -> bytes:
    if "content" in request.POST:
        return _lines(request.POST["content"])
    sent = request.FILES.get("file")
    if getattr(request, "upload_too_large", False):
        raise BadInput({"file": f"The file is larger than {chai.LARGEST // 1000} kB; a card is a few pages of text."})
    if sent is None:
        raise BadInput({"file": "Choose the file first."})
    with Reader(store.incoming(sent.stored), sent.key) as opened:
        content = opened.read()
    try:
        return _lines(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadInput({"file": "The file must be UTF-8; save it so, then send it again."}) from None


def _lines(text: str) -> bytes:
    # A browser sends a text back with line ends of its own.
    return text.replace("\r\n", "\n").replace("\r", "\n").strip().encode()


def _download(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
