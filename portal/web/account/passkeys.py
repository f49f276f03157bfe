"""Removing a passkey, and confirming with one that it is oneself."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.shortcuts import redirect

from portal.accounts.signals import proof_failed


class RemovePasskey(RemoveWebAuthnView):
    """The last second factor of a person whose role asks for one stays; allauth asks that of authenticator apps alone."""

    def form_valid(self, form):
        adapter = get_adapter()
        if not adapter.can_delete_authenticator(self.get_object()):
            messages.error(self.request, adapter.error_messages["cannot_delete_authenticator"])
            return redirect("mfa_index")
        return super().form_valid(form)


class ConfirmPasskey(ReauthenticateWebAuthnView):
    """As in allauth, but who is not recognised stays on the page with a new question, and the ledger hears of it."""

    def form_invalid(self, form):
        proof_failed.send(sender=ConfirmPasskey, user=self.request.user, factor="passkey", about={})
        return self.render_to_response(self.get_context_data(form=form) | {"refused": True}, status=422)


confirm = ConfirmPasskey.as_view()
remove = RemovePasskey.as_view()
