"""The models one may see, a model's monograph, one version with its source run."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from portal.access import policy
from portal.access.permissions import Permission
from portal.registry import actions, bundle, queries, reading, signing, spec
from portal.registry.review import owners
from portal.registry.states import WAITING, VersionState
from portal.registry.studio import actions as studio


@require_safe
def models(request):
    """The models one may see."""
    policy.require(request.user, Permission.MODEL_SEE)
    found = list(queries.models_seen(request.user))
    may = policy.decide(request.user, Permission.MODEL_REGISTER)
    return render(request, "lab/models.html", {"models": found, "may_register": may.allowed})


@require_safe
def model(request, model):
    """A model leads to its newest version that one may see."""
    found = queries.versions_seen(request.user).filter(model__slug=model).order_by("-number").first()
    if found is None:
        raise Http404
    return redirect("lab:version", found.public_id)


def may_shape(by, on) -> bool:
    """Whether this person can change the form of a version now."""
    return policy.decide(by, Permission.MODEL_SHAPE, on).allowed and not studio.closed(by, on)


@require_safe
def version(request, version):
    """One version: intended use, inputs, approvals, source run, where it stands."""
    on = actions.open_version(by=request.user, on=version)
    with reading.one_page():
        return _page(request, on)


def _page(request, on):
    context = {
        "version": on,
        "form": spec.form_of(on),
        "versions": queries.versions_seen(request.user).filter(model=on.model).order_by("-number"),
        "signatures": on.signatures.select_related("signer"),
        "covered": signing.enough(signing.approvals(on)),
        "may_submit": policy.decide(request.user, Permission.MODEL_SUBMIT, on),
        "may_review": policy.decide(request.user, Permission.MODEL_REVIEW, on),
        "may_stop": policy.decide(request.user, Permission.MODEL_STOP, on),
        "owned": not owners.gone(on.model),
        "may_own": policy.decide(request.user, Permission.MODEL_OWN, on),
        "mine": any(one.signer_id == request.user.pk for one in signing.not_withdrawn(on)),
        "is_stopped": on.state == VersionState.SUSPENDED,
        "is_draft": on.state == VersionState.DRAFT,
        "may_take_back": on.state == VersionState.SUBMITTED,
        "may_retire": actions.may_retire(request.user, on),
        "is_approved": on.state == VersionState.APPROVED,
        "may_shape": may_shape(request.user, on),
        "waits": on.state in WAITING,
        "missing": bundle.missing(on) if on.state in {VersionState.DRAFT, *WAITING} else [],
    }
    return render(request, "lab/version.html", context)
