"""Who can answer for a model, and whether its owner still can."""

from portal.accounts.models import User
from portal.core import clock
from portal.registry.models import RegisteredModel
from portal.studies.queries import memberships


def candidates(model: RegisteredModel) -> list[User]:
    """Who may come to answer for a model: scientists of its study with an open account."""
    now = clock.now()
    rows = memberships(content_object=model.study)
    found = {row.user_id for row in rows if row.until is None or row.until > now}
    people = User.objects.filter(pk__in=found, is_active=True, groups__name="scientist")
    return list(people.order_by("first_name", "last_name"))


def gone(model: RegisteredModel) -> bool:
    """Whether nobody answers for a model: its owner has left the hospital or the study, or is no scientist any more."""
    return model.owner_id is None or model.owner_id not in {person.pk for person in candidates(model)}
