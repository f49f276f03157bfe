"""A version that waits for the committee, and signing for it."""

import pytest

from portal.accounts.factors import Proof
from portal.core import clock
from portal.registry import actions
from portal.registry.models import ModelVersion
from tests import reviewing


@pytest.fixture
def waiting(cast, studies, trained, prove) -> ModelVersion:
    """A submitted version of the scientist's, whose acceptance cases have passed."""
    folder = trained["coronary-disease"]
    version = actions.register(by=cast["scientist"], on=studies["demo"], slug="coronary", folder=folder)
    prove(version)
    return ModelVersion.objects.get(pk=version.pk)


@pytest.fixture
def sign(cast):
    """Let people sign for a version, one after the other; the version as it stands then."""

    def run(version, *names: str, **given):
        for name in names:
            proof = Proof(cast[name].pk, clock.now())
            reviewing.approve(by=cast[name], on=version, reason="Evidence read.", proof=proof, **given)
        return ModelVersion.objects.select_related("model", "created_by").get(pk=version.pk)

    return run
