"""Removing a passkey: the last second factor of a person whose role asks for one stays."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.contrib import messages
from django.shortcuts import redirect


class RemovePasskey(RemoveWebAuthnView):
    """As in allauth, which asks this question for authenticator apps alone."""

    def form_valid(self, form):
        adapter = get_adapter()
        if not adapter.can_delete_authenticator(self.get_object()):
            messages.error(self.request, adapter.error_messages["cannot_delete_authenticator"])
            return redirect("mfa_index")
        return super().form_valid(form)


remove = RemovePasskey.as_view()
