"""A person who is shut out runs nothing more: what waits or runs for them is cancelled in the same transaction."""

from django.dispatch import receiver

from portal.access.actors import SYSTEM
from portal.access.signals import person_deactivated
from portal.compute import actions
from portal.compute.models import Job
from portal.compute.states import FINAL


@receiver(person_deactivated, dispatch_uid="portal.compute.deactivated")
def cancel_jobs(sender, person, **kwargs):
    for job in Job.objects.select_for_update().filter(created_by=person).exclude(state__in=FINAL):
        actions.cancel(by=SYSTEM, on=job)
