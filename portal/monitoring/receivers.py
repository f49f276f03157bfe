"""What was learnt about results makes the counts of their versions old."""

from django.dispatch import receiver

from portal.monitoring.models import Reliability
from portal.predictions.signals import outcomes_changed


@receiver(outcomes_changed, dispatch_uid="portal.monitoring.outcomes_changed")
def count_anew(sender, versions, **kwargs):
    known = set(Reliability.objects.filter(version__in=versions).values_list("version", flat=True))
    Reliability.objects.filter(version__in=known).update(is_stale=True)
    Reliability.objects.bulk_create(Reliability(version_id=version) for version in sorted(versions - known))
