"""The files of a version: what lies there, what the scanner found, its software and its first load in the sandbox."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal.access import policy
from portal.access.permissions import Permission
from portal.registry.intake import actions, words
from portal.registry.states import WAITING, VersionState
from portal.web.lab import parts


@require_safe
def files(request, version):
    """The files of a version."""
    return render(request, "lab/files.html", _context(request, actions.open_files(by=request.user, on=version)))


@require_safe
def files_status(request, version):
    """The part of that page that changes while software is put together or the model is tried."""
    return render(
        request, "lab/_files_status.html", _context(request, actions.follow_files(by=request.user, on=version))
    )


@require_POST
def files_try(request, version):
    """Have the software put together, or the model loaded."""
    actions.ask(by=request.user, on=version)
    messages.success(request, "Asked for. This page follows it by itself.")
    return redirect("lab:files", version)


def _context(request, view: actions.FilesView) -> dict:
    findings = [
        file | {"says": words.SEVERITIES.get(file["severity"], file["severity"])} for file in view.scan.get("files", ())
    ]
    may = policy.decide(request.user, Permission.MODEL_SUBMIT, view.version)
    return {
        "next_steps": parts.next_steps(request.user, view.version),
        "view": view, "version": view.version, "findings": findings, "size": sum(size for _, size in view.files),
        "may_try": may.allowed and not view.waits and view.version.state in (VersionState.DRAFT, *WAITING),
    }  # fmt: skip
