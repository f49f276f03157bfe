"""What was counted of a version's local results; read and written by actions only."""

from django.db import models

from portal.core import clock
from portal.core.crypto import EncryptedJSONField
from portal.core.guard import Sealed
from portal.core.phi import Phi
from portal.registry.models import ModelVersion


class Reliability(Sealed):
    """How often the outcome came, by predicted risk and group; `content` holds counts, also the small ones."""

    PHI = {"content": Phi.CLINICAL, "at": Phi.NONE, "is_stale": Phi.NONE}
    version = models.OneToOneField(ModelVersion, on_delete=models.PROTECT, related_name="+")
    content = EncryptedJSONField(default=dict)
    at = models.DateTimeField(default=clock.now)
    # Something was learnt since it was counted.
    is_stale = models.BooleanField(default=True)
