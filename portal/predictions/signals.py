"""News about predictions that upper apps hear."""

from django.dispatch import Signal

# What came of some predictions is known, or known otherwise, inside the same transaction; `versions` are keys.
outcomes_changed = Signal()
