"""A table about people, and the way it comes in through the portal's own doors."""

import io
import random

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.datasets import actions
from portal.datasets.models import DatasetVersion

WORD = "correct-horse-battery"


def people_table(rows: int = 120, seed: int = 5) -> bytes:
    """Invented people: a record number, a name, a ward, a finding and an age; a rare ward with three of them."""
    dice = random.Random(seed)
    lines = ["mrn,surname,ward,finding,age"]
    for number in range(rows):
        ward = "attic" if number < 3 else dice.choice(("north", "south"))
        age = "" if number % 17 == 0 else dice.randrange(20, 88)
        lines.append(f"MRN-{90000 + number},Zebra{number},{ward},{dice.choice(('clear', 'shadow'))},{age}")
    return "\n".join(lines).encode() + b"\n"


@pytest.fixture
def client_of(cast):
    """A browser of somebody who is signed in."""

    def run(name: str) -> Client:
        client = Client()
        client.force_login(cast[name], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return run


@pytest.fixture
def dataset(cast, studies):
    """A dataset of `scientist` in the study `demo`; `scientist2` works elsewhere."""
    return actions.create(
        by=cast["scientist"], on=studies["demo"], title="Chest films", description="One row a film.", classification="identified"
    )  # fmt: skip


@pytest.fixture
def send(client_of, worked, transactional_db):
    """Upload bytes as the owner does, let a worker read them, and give the version."""

    def run(dataset, content: bytes, name: str = "table.csv", by: str = "scientist") -> DatasetVersion:
        answer = client_of(by).post(
            f"/lab/datasets/{dataset.public_id}/upload/", {"file": SimpleUploadedFile(name, content)}
        )
        assert answer.status_code == 302, answer.content.decode()[-800:]
        worked()
        return version_of(answer.url)

    return run


def version_of(url: str) -> DatasetVersion:
    """The version that an address names, as a row for the tests to look into."""
    from portal.core import guard

    with guard.unlocked():
        rows = DatasetVersion.objects.select_related("dataset__study")
        return rows.get(public_id=url.rstrip("/").rpartition("/")[2])


def fresh(row):
    """A sealed row as it stands now."""
    from portal.core import guard

    with guard.unlocked():
        row.refresh_from_db()
    return row


HOLDS = {0: "mrn", 1: "names", 2: "none", 3: "none", 4: "none"}


@pytest.fixture
def ready(send, dataset, cast):
    """A confirmed version of the table of people."""
    version = send(dataset, people_table())
    actions.confirm(
        by=cast["scientist"], on=version.public_id, holds=HOLDS, classification="identified", names_are_names=True
    )
    return fresh(version)


@pytest.fixture
def allow(cast, dataset):
    """Let somebody do something with the dataset."""
    from portal.datasets import rights

    def run(name: str, right: str, until=None):
        return rights.give(
            by=cast["scientist"], on=dataset, person=cast[name], right=right, words="for the trial", until=until
        )

    return run


@pytest.fixture
def ask(cast, worked):
    """Ask for a summary, let a worker compute it, and give the view of it."""
    from portal.datasets import asking

    def run(name: str, version, *, group=(), of="", where=()):
        summary = asking.request(by=cast[name], on=version.public_id, group=list(group), of=of, where=list(where))
        worked()
        return asking.open_summary(by=cast[name], on=summary)

    return run


def parquet(columns: dict) -> bytes:
    """A table as a Parquet file."""
    import pyarrow
    from pyarrow import parquet as files

    out = io.BytesIO()
    files.write_table(pyarrow.table(columns), out)
    return out.getvalue()
