"""Notices for programs: fixed words without health data, and the id of what they are about."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.response import Response

from portal.access import notices
from portal.api import serializers as shapes
from portal.api.pages import cursor_of, empty_when_denied, page, size_of
from portal.api.views import _PAGED


class NotificationSerializer(serializers.Serializer):
    """Something one was told."""

    id = serializers.CharField(source="public_id")
    kind = serializers.CharField()
    sentence = serializers.SerializerMethodField()
    about = serializers.CharField()
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)

    def get_sentence(self, row) -> str:
        """The fixed words of its kind."""
        return notices.TEXTS[row.kind]


@extend_schema(responses=shapes.page_of(NotificationSerializer), parameters=_PAGED)
@api_view(["GET"])
@empty_when_denied
def notifications(request):
    """What one was told, newest first."""
    size, after = size_of(request), cursor_of(request)
    rows = notices.list_notices(by=request.user, limit=size + 1, before=after)
    return page(request, rows, size, lambda row: NotificationSerializer(row).data, lambda row: row.pk)


@extend_schema(request=None, responses={204: None})
@api_view(["POST"])
def notifications_read(request):
    """Mark all of them as read."""
    notices.read_all(by=request.user)
    return Response(status=204)
