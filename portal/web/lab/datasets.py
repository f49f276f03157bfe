"""Datasets: the list, one with its versions, uploading, confirming columns, reading rows."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput
from portal.datasets import actions, rights
from portal.datasets.runtime import identifiers
from portal.datasets.states import HELP, TRANSITIONS, Classification, VersionState
from portal.studies.models import Study
from portal.web import kept
from portal.web.files import as_attachment

_FORM = ["GET", "HEAD", "POST"]
_FURTHEST = 10**9
CLASSES = [(value, label, HELP[value]) for value, label in Classification.choices]


@require_safe
def datasets(request):
    """The datasets one may know of."""
    return render(request, "lab/datasets.html", {"datasets": actions.list_datasets(by=request.user)})


@require_http_methods(_FORM)
def dataset_new(request):
    """The form to set up a dataset in one of one's studies."""
    policy.require(request.user, Permission.DATASET_UPLOAD)
    studies = list(policy.visible_to(Study.objects.order_by("title"), request.user, Permission.DATASET_UPLOAD))
    errors = {}
    if request.method == "POST":
        try:
            study = next((one for one in studies if one.public_id == request.POST.get("study")), None)
            if study is None:
                raise BadInput({"study": "Study: choose one that you belong to."})
            fields = {name: request.POST.get(name, "") for name in ("title", "description", "classification")}
            made = actions.create(by=request.user, on=study, **fields)
            return redirect("lab:dataset-upload", made.public_id)
        except BadInput as problem:
            errors = problem.errors
    restored = kept.take(request)
    context = {
        "studies": studies,
        "classes": CLASSES,
        "errors": errors,
        "typed": restored or request.POST,
        "restored": restored,
    }
    return render(request, "lab/dataset_new.html", context, status=422 if errors else 200)


@require_safe
def dataset(request, dataset):
    """One dataset and its versions."""
    view = actions.open_dataset(by=request.user, on=dataset)
    return render(request, "lab/dataset.html", {"view": view, "dataset": view.dataset, "rights": view.rights})


@require_http_methods(_FORM)
def dataset_upload(request, dataset):
    """The form to send a file, which is encrypted while it arrives."""
    view = actions.open_dataset(by=request.user, on=dataset)
    policy.require(request.user, Permission.DATASET_OWN, view.dataset)
    errors = {}
    if request.method == "POST":
        try:
            upload = _upload(request)
            version = actions.add_version(by=request.user, on=dataset, upload=upload)
            if not upload.taken:
                messages.info(request, f"These bytes are version {version.number} already; nothing was added.")
            return redirect("lab:dataset-version", version.public_id)
        except BadInput as problem:
            errors = problem.errors
    context = {"dataset": view.dataset, "errors": errors, "most": settings.DATASET_MAX_BYTES // 1024**2,
               "rows": settings.DATASET_MAX_ROWS, "columns": settings.DATASET_MAX_COLUMNS}  # fmt: skip
    return render(request, "lab/dataset_upload.html", context, status=422 if errors else 200)


def _upload(request):
    if getattr(request, "upload_too_large", False):
        raise BadInput(
            {
                "file": f"File: is larger than {settings.DATASET_MAX_BYTES // 1024**2} MB. Split it, or leave columns out."
            }
        )
    upload = request.FILES.get("file")
    if upload is None:
        raise BadInput({"file": "File: choose a CSV or Parquet file."})
    if not upload.size:
        raise BadInput({"file": "File: is empty. Send a table with a header line and at least one row."})
    return upload


@require_safe
def dataset_version(request, table):
    """One version: where it is, its columns and profile."""
    return render(request, "lab/dataset_version.html", _version_context(request, table))


@require_safe
def dataset_version_status(request, table):
    """The part of that page that changes while a worker reads the file."""
    return render(request, "lab/_dataset_version_status.html", _version_context(request, table))


def _version_context(request, table) -> dict:
    on, view, held = actions.open_version(by=request.user, on=table)
    return {
        "dataset": on.dataset, "version": view, "rights": held, "removed": view.state == VersionState.REMOVED,
        "waits": view.state == VersionState.READING, "to_confirm": view.state == VersionState.UNCONFIRMED,
        "refused": view.state == VersionState.REFUSED, "ready": view.ready,
    }  # fmt: skip


@require_http_methods(_FORM)
def dataset_columns(request, table):
    """The form in which the owner says which identifier each column holds."""
    on, view, _ = actions.open_version(by=request.user, on=table)
    policy.require(request.user, Permission.DATASET_OWN, on.dataset)
    errors = {}
    if request.method == "POST":
        places = range(len(on.columns))
        holds = {place: request.POST.get(f"holds-{place}", "") for place in places}
        try:
            actions.confirm(
                by=request.user, on=table, holds=holds, classification=request.POST.get("classification", ""),
                names_are_names="names" in request.POST,
            )  # fmt: skip
            messages.success(request, "Confirmed. The version can be computed on now.")
            return redirect("lab:dataset-version", table)
        except BadInput as problem:
            errors = problem.errors
    restored = kept.take(request)
    typed = restored or request.POST
    columns = [
        column | {"place": place, "chosen": typed.get(f"holds-{place}", column["holds"] or column["guess"])}
        for place, column in enumerate(view.columns)
    ]
    context = {
        "dataset": on.dataset, "version": view, "columns": columns, "kinds": identifiers.KINDS.items(), "errors": errors,
        "classes": CLASSES, "classification": typed.get("classification", on.dataset.classification),
        "names": "names" in typed, "restored": restored, "open": view.state == VersionState.UNCONFIRMED,
    }  # fmt: skip
    return render(request, "lab/dataset_columns.html", context, status=422 if errors else 200)


@require_http_methods(_FORM)
def dataset_remove(request, table):
    """What removing a version takes away, and the button that does it."""
    on, view, _ = actions.open_version(by=request.user, on=table)
    reach = rights.reach(by=request.user, on=table)
    if request.method == "POST":
        actions.remove(by=request.user, on=table)
        messages.success(request, f"Removed. The rows of version {view.number} are gone for good.")
        return redirect("lab:dataset", on.dataset.public_id)
    can_go = VersionState.REMOVED in TRANSITIONS[VersionState(view.state)]
    context = {"dataset": on.dataset, "version": view, "reach": reach, "can_go": can_go}
    return render(request, "lab/dataset_remove.html", context)


@require_safe
def dataset_rows(request, table):
    """A page of rows."""
    text = request.GET.get("after", "0")
    after = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else _FURTHEST
    return render(request, "lab/dataset_rows.html", {"page": actions.read_rows(by=request.user, on=table, after=after)})


@require_POST
def dataset_file(request, table):
    """The file as it was sent."""
    name, file = actions.export(by=request.user, on=table)
    return as_attachment(file, name)
