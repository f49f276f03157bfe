"""Model cards for programs: as values with their authors, or as the CHAI file."""

from django.http import Http404, HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.response import Response

from portal.core.problems import BadInput
from portal.registry import queries
from portal.registry.cards import actions
from portal.registry.cards.card import Line

_FORMS = ("", "json", "xml")


@extend_schema(
    responses={200: dict}, parameters=[OpenApiParameter("as", str, description="json (usual) or xml (CHAI v0.2)")]
)
@api_view(["GET"])
def card(request, slug, number):
    """The model card of a version; `as=xml` gives it as CHAI Applied Model Card v0.2."""
    found = queries.versions_seen(request.user).filter(model__slug=slug, number=number).first()
    if found is None:
        raise Http404
    form = request.query_params.get("as", "")
    if form not in _FORMS:
        raise BadInput({"as": "as takes json or xml."})
    if form == "xml":
        content = actions.export(by=request.user, on=found, form="xml")
        return HttpResponse(content, content_type="application/xml")
    opened = actions.open_card(by=request.user, on=found)
    return Response({
        "model": slug, "version": number, "state": found.state, "major": opened.major,
        "contradictions": opened.contradictions,
        "groups": [{"title": group.title, "values": [_value(line, opened) for line in lines]} for group, lines in opened.card.groups()],
        "own": [_value(line, opened) for line in opened.card.own()],
        "more": [_value(line, opened) for _, lines in opened.card.more() for line in lines],
    })  # fmt: skip


def _value(line: Line, opened) -> dict:
    said = line.said
    return {
        "key": line.item.key, "title": line.label or line.item.label, "cite": line.item.cite, "blank": line.blank,
        "value": line.value, "text": line.text, "author": said.by if said else None, "at": said.at if said else None,
        "since_version": said.since if said else None,
        "today": opened.local.of(line.item.number) if line.item.key.startswith("attribute.") else (),
    }  # fmt: skip
