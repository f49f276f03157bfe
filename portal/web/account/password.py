"""Changing one's own password; the other sessions end with the old one."""

from allauth.account.views import PasswordChangeView
from django.conf import settings
from django.http import Http404
from django.urls import reverse_lazy


class ChangePassword(PasswordChangeView):
    """As in allauth, for people who have a password here; the demonstration's stays as it was printed."""

    success_url = reverse_lazy("account:sessions")

    def dispatch(self, request, *args, **kwargs):
        if settings.DEMO or not request.user.has_usable_password():
            raise Http404
        return super().dispatch(request, *args, **kwargs)


change = ChangePassword.as_view()
