"""What an import means for predictions: those that used a value which is another now are marked."""

from django.dispatch import receiver

from portal.access.actors import SYSTEM
from portal.predictions import corrections
from portal.records.signals import record_changed


@receiver(record_changed, dispatch_uid="portal.predictions.record_changed")
def recheck(sender, sources, **kwargs):
    if sources:
        corrections.recheck(by=SYSTEM, sources=sources)
