"""News about accounts that upper apps hear."""

from django.dispatch import Signal

# Too many wrong passwords for one account from one address; `login` is what was typed.
locked_out = Signal()

# A password, code or passkey given for a signature was wrong; `factor` says which, `about` names what it was for.
proof_failed = Signal()

# The password of an account that is kept for days without the hospital's own sign-in was right.
sealed_account_used = Signal()
