"""Sign-ins, sign-outs and failed attempts go into the ledger."""

from allauth.account import signals as account_signals
from allauth.mfa import signals as factor_signals
from django.contrib.auth import signals
from django.dispatch import receiver

from portal.access import action, actors, notices, sessions
from portal.accounts.models import User
from portal.accounts.signals import locked_out, proof_failed, sealed_account_used


@receiver(signals.user_logged_in, dispatch_uid="portal.access.signed_in")
def signed_in(sender, user, request=None, **kwargs):
    action.record("person.signed-in", by=user)
    if request is not None and hasattr(request, "session"):
        sessions.begin(request.session)


@receiver(signals.user_logged_out, dispatch_uid="portal.access.signed_out")
def signed_out(sender, user, **kwargs):
    if user is not None:
        action.record("person.signed-out", by=user)


@receiver(signals.user_login_failed, dispatch_uid="portal.access.sign_in_failed")
def sign_in_failed(sender, credentials, **kwargs):
    # What was typed may be a password in the wrong box: only a name that is an account's is recorded.
    known = User.objects.filter(username=credentials.get("username") or "").first()
    action.record("person.sign-in-failed", by=known, outcome="failed")


@receiver(locked_out, dispatch_uid="portal.access.locked_out")
def remember_lock_out(sender, login, **kwargs):
    known = User.objects.filter(username=login or "").first()
    action.record("person.locked-out", by=known, outcome="denied")


@receiver(sealed_account_used, dispatch_uid="portal.access.sealed_account")
def raise_the_alarm(sender, user, **kwargs):
    notices.sound_alarm(by=actors.SYSTEM, on=user)


@receiver(factor_signals.authentication_failed, dispatch_uid="portal.access.factor_failed")
def factor_failed(sender, user, **kwargs):
    action.record("person.sign-in-failed", by=user, outcome="failed", detail={"factor": "second"})


@receiver(account_signals.password_changed, dispatch_uid="portal.access.password_changed")
def remember_new_password(sender, user, **kwargs):
    action.record("person.password-changed", by=user)


@receiver(proof_failed, dispatch_uid="portal.access.proof_failed")
def remember_failed_proof(sender, user, factor, about, **kwargs):
    action.record("person.proof-failed", by=user, outcome="failed", detail={"factor": factor}, about=about)


_CHANGES = {
    factor_signals.authenticator_added: "person.factor-added",
    factor_signals.authenticator_removed: "person.factor-removed",
    factor_signals.authenticator_reset: "person.factor-renewed",
}


def _record_change(sender, signal, user, authenticator, **kwargs):
    action.record(_CHANGES[signal], by=user, detail={"factor": str(authenticator.type)})


for _signal, _verb in _CHANGES.items():
    _signal.connect(_record_change, dispatch_uid=f"portal.access.{_verb}")
