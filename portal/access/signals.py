"""News about people that upper apps hear."""

from django.dispatch import Signal

# A person was shut out, inside the same transaction; `person` is the User.
person_deactivated = Signal()
