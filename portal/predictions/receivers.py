"""What an import means for predictions: old values are marked, and what came of them is learnt."""

from django.dispatch import receiver

from portal.access.actors import SYSTEM
from portal.predictions import corrections, outcomes
from portal.records.signals import record_changed


@receiver(record_changed, dispatch_uid="portal.predictions.record_changed")
def recheck(sender, sources, patients, **kwargs):
    if sources:
        corrections.recheck(by=SYSTEM, sources=sources)
    if patients:
        outcomes.settle(by=SYSTEM, patients=patients)
