"""Why somebody has access to something, and what would change without it."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.access import explain, policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput


@require_safe
def why(request):
    """A person, a right and an opaque id; the answer comes from the policy itself."""
    policy.require(request.user, Permission.ACCESS_EXPLAIN)
    typed, found, errors = request.GET, None, {}
    if typed.get("person") or typed.get("object"):
        try:
            found = explain.look(
                by=request.user, username=typed.get("person", "").strip(), permission=typed.get("permission", ""),
                kind=typed.get("kind", ""), public_id=typed.get("object", "").strip()[:20],
            )  # fmt: skip
        except BadInput as problem:
            errors = problem.errors
    kinds = policy.explained()
    context = {
        "typed": typed, "found": found, "errors": errors,
        "kinds": sorted((name, model._meta.verbose_name) for name, (model, _) in kinds.items()),
        "permissions": sorted({str(right) for _, rights in kinds.values() for right in rights}),
    }  # fmt: skip
    return render(request, "oversight/why.html", context, status=422 if errors else 200)
