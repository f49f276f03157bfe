"""The Celery side of jobs: ids in, one action after another, nothing else."""

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from portal.compute import work

logger = logging.getLogger(__name__)


@shared_task(name="portal.compute.run_job")
def run_job(job_id: str) -> None:
    """Work on one job, unless another worker has it."""
    work.run(job_id)


def publish(job_id: str) -> None:
    """Send the nudge; a broker that does not answer is logged and left to the reconciler."""
    try:
        run_job.apply_async(args=[job_id], retry=False)
    except (OperationalError, OSError):
        logger.warning("The broker does not answer; job %s waits for the reconciler.", job_id)
