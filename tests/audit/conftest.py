"""A folder of heads for each test, and a ledger with two batches of 2018."""

from datetime import UTC, datetime

import pytest

from portal.access import actions
from portal.access.actors import SYSTEM
from portal.core import clock
from portal.studies import actions as studies
from tests import snapshots

OLD = datetime(2018, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def kept_rows(db):
    """Tests of the ledger write every event of theirs; none is put back from another test."""
    return snapshots.Stage(kept=False)


@pytest.fixture(autouse=True)
def _own_heads(settings, tmp_path):
    settings.HEADS = tmp_path / "heads"


@pytest.fixture
def old(transactional_db, monkeypatch, request):
    """Two sealed batches of 2018 and one of today, before anything else is in the ledger."""
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: OLD)
    for slug in ("first", "second"):
        studies.open_study(by=SYSTEM, slug=slug, title="A study")
        studies.open_study(by=SYSTEM, slug=f"{slug}-b", title="A study")
        actions.seal_ledger(by=SYSTEM)
    monkeypatch.setattr(clock, "now", now)
    cast = request.getfixturevalue("cast")
    actions.seal_ledger(by=SYSTEM)
    return cast
