"""The route matrix for audit officers: every address, filtered, and as a file."""

import csv

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.access import actions, policy, roles
from portal.access.permissions import Permission
from portal.core.phi import Phi
from portal.web import matrix

HEAD = ("address", "methods", "about", "right", "roles", "PHI class")


@require_safe
def routes(request):
    """Every address with what it is about, what opens it, who holds that, and how much it says about a person."""
    policy.require(request.user, Permission.AUDIT_READ)
    everything = [_row(route) for route in matrix.walk()]
    shown = [row for row in everything if _matches(row, request.GET)]
    context = {
        "rows": shown,
        "total": len(everything),
        "typed": request.GET,
        "rights": sorted({row["right"] for row in everything}),
        "classes": list(Phi),
        "roles": [role.title for role in roles.ROLES.values()],
        "query": request.GET.urlencode(),
    }
    return render(request, "oversight/routes.html", context)


@require_safe
def routes_file(request):
    """The same rows as CSV; that somebody took them along is written down."""
    rows = [row for row in map(_row, matrix.walk()) if _matches(row, request.GET)]
    actions.export_routes(by=request.user, rows=len(rows))
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="route-matrix.csv"'
    writer = csv.writer(answer)
    writer.writerow(HEAD)
    writer.writerows(
        (row["address"], " ".join(row["methods"]), row["about"], row["right"], ", ".join(row["roles"]), row["phi"])
        for row in rows
    )
    return answer


def _row(route: matrix.Route) -> dict:
    return {
        "address": f"/{route.route}",
        "methods": route.methods,
        "about": route.object,
        "right": str(route.right),
        "roles": _holders(route),
        "phi": str(route.phi),
    }


def _holders(route: matrix.Route) -> list[str]:
    """The roles whose people may come here; empty where it takes no right."""
    needed = route.rights
    return [role.title for role in roles.ROLES.values() if needed and needed <= role.permissions]


def _matches(row: dict, given) -> bool:
    words = given.get("search", "").strip().casefold()[:80]
    if words and words not in f"{row['address']} {row['about']}".casefold():
        return False
    if given.get("role") and given["role"] not in row["roles"]:
        return False
    return all(not given.get(name) or row[name] == given[name] for name in ("right", "phi"))
