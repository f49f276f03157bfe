"""News about the record that upper apps hear."""

from django.dispatch import Signal

# An import changed the record, inside the same transaction: `sources` are the source indexes of what was there before
# and is different now; `patients` are the Patient rows that anything changed for.
record_changed = Signal()
