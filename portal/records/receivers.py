"""A person who is shut out works on no ward: open assignments end in the same transaction, by whatever road it came."""

from django.db.models import Q
from django.dispatch import receiver

from portal.access.actors import SYSTEM
from portal.access.signals import person_deactivated
from portal.core import clock
from portal.records import actions
from portal.records.models import CareRelationship


@receiver(person_deactivated, dispatch_uid="portal.records.deactivated")
def end_assignments(sender, person, **kwargs):
    live = Q(until__isnull=True) | Q(until__gt=clock.now())
    for row in CareRelationship.objects.filter(live, person=person):
        actions.end_assignment(by=SYSTEM, on=row)
