"""Files on their way in: encrypted as they arrive, read in another process, taken whole or not at all."""

import os
import time
from datetime import date

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.access.actors import SYSTEM
from portal.access.rotation import reencrypt
from portal.core.problems import Problem
from portal.datasets import actions, store
from portal.datasets.models import DatasetVersion
from portal.datasets.runtime import pages, vault
from tests.datasets.conftest import fresh, parquet, people_table, version_of

pytestmark = pytest.mark.django_db(transaction=True)


def files() -> list[str]:
    return sorted(path.name for path in settings.DATASETS.rglob("*") if path.is_file())


@pytest.fixture(autouse=True)
def _empty_store(tmp_path, settings):
    settings.DATASETS = tmp_path / "datasets"


def unlocked(read):
    from portal.core import guard

    with guard.unlocked():
        return read()


@pytest.mark.embedded
def test_a_table_becomes_a_version_with_typed_and_guessed_columns(send, dataset):
    version = send(dataset, people_table())

    assert (version.state, version.rows, version.kind, version.number) == ("unconfirmed", 120, "csv", 1)
    assert [(column["name"], column["kind"], column["guess"]) for column in version.columns] == [
        ("mrn", "text", "mrn"), ("surname", "text", "names"), ("ward", "text", "none"), ("finding", "text", "none"),
        ("age", "integer", "none"),
    ]  # fmt: skip
    assert version.columns[2]["categories"] and "attic" not in version.columns[2]["categories"]


def test_the_same_bytes_are_the_same_version_and_other_bytes_the_next(send, dataset):
    first, again, other = (
        send(dataset, people_table()),
        send(dataset, people_table()),
        send(dataset, people_table(seed=6)),
    )

    assert (first.pk, again.pk, other.number) == (again.pk, first.pk, 2)
    assert len(files()) == 4


def test_what_lies_on_the_disk_is_cipher(send, dataset):
    version = send(dataset, people_table())

    assert files() == sorted([f"{version.stored}.raw", f"{version.stored}.rows"])
    for path in settings.DATASETS.rglob("*.r*"):
        assert b"Zebra" not in path.read_bytes() and b"north" not in path.read_bytes()
    assert vault.Reader(store.sent(version.stored), store.key_of(version)).read() == people_table()


def test_new_keys_open_old_files_and_old_keys_are_not_needed(send, dataset, cast, settings):
    from portal.core.keys import new_phi_key

    version, old = send(dataset, people_table()), settings.PHI_KEYS
    settings.PHI_KEYS = f"{new_phi_key()},{old}"
    reencrypt(by=SYSTEM)
    settings.PHI_KEYS = settings.PHI_KEYS.partition(",")[0]

    page = actions.read_rows(by=cast["scientist"], on=version.public_id)
    assert page.rows[0][1][:3] == ["MRN-90000", "Zebra0", "attic"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a,b\n1,2\n3\n", "Line 3 has 1 values; the header names 2 columns."),
        (b"a,a\n1,2\n", "Column 2 has the same name as column 1; give each its own."),
        (b"a,\n1,2\n", "Column 2: has no name."),
        (b"a,b\n", "The file has a header line and no rows. Send at least one row."),
        (b'a,b\n1,"2\n3,4\n', "Line 3: the quotation marks do not fit together. Double a quotation mark inside a text."),
        (b"a,b\n1,\xff\xfe\n", "The file is not text in UTF-8. Save it as “CSV UTF-8” or as Parquet."),
        (b"PAR1 is no table", "The file begins like Parquet but cannot be read as such. Write it again."),
        (parquet({"a": [[1], [2]]}), "Column 1: holds values of a kind that is not taken; allowed are numbers, texts, yes or no, dates and moments."),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_words_and_leaves_nothing(content, sentence, send, dataset, client_of):
    version = send(dataset, content)

    assert (version.state, version.faults[-1] if "UTF-8" not in sentence else sentence) == ("refused", sentence)
    assert version.faults and (version.rows, version.columns) == (0, [])
    assert files() == []
    page = client_of("scientist").get(f"/lab/datasets/versions/{version.public_id}/").content.decode()
    assert version.faults[0].split("“")[0] in page


def test_faults_are_the_owners_alone(send, dataset, cast, studies, client_of):
    from portal.studies import actions as of_studies

    of_studies.add_member(by=SYSTEM, on=studies["demo"], person=cast["scientist2"])
    version = send(dataset, b"a,b\n1\n")

    assert client_of("scientist2").get(f"/lab/datasets/{dataset.public_id}/").status_code == 200
    assert client_of("scientist2").get(f"/lab/datasets/versions/{version.public_id}/").status_code == 404


def test_a_refused_file_mended_is_a_new_version(send, dataset):
    assert (send(dataset, b"a,b\n1\n").state, send(dataset, people_table()).number) == ("refused", 2)


def test_parquet_keeps_its_types(send, dataset):
    content = parquet({
        "day": [date(2026, 1, number + 1) for number in range(20)], "weight": [70.5, None] * 10,
        "ill": [True, False] * 10, "code": ["007"] * 20,
    })  # fmt: skip
    version = send(dataset, content, "table.parquet")

    assert [(one["name"], one["kind"]) for one in version.columns] == [
        ("day", "date"), ("weight", "number"), ("ill", "boolean"), ("code", "text"),
    ]  # fmt: skip
    assert pages.some_rows(store.rows(version.stored), store.key_of(version), 1, 1) == [
        ["2026-01-02", None, False, "007"]
    ]


def test_a_file_larger_than_allowed_is_dropped_as_it_arrives(settings, dataset, client_of, worked):
    settings.DATASET_MAX_BYTES = 1024
    answer = client_of("scientist").post(
        f"/lab/datasets/{dataset.public_id}/upload/", {"file": SimpleUploadedFile("t.csv", people_table())}
    )

    assert (answer.status_code, files(), worked.waiting) == (422, [], [])
    assert "is larger than" in answer.content.decode()


@pytest.mark.parametrize("content", [b"", None])
def test_no_file_or_an_empty_one_is_asked_for_again(content, dataset, client_of, worked):
    sent = {} if content is None else {"file": SimpleUploadedFile("t.csv", content)}
    answer = client_of("scientist").post(f"/lab/datasets/{dataset.public_id}/upload/", sent)

    assert (answer.status_code, files(), worked.waiting) == (422, [], [])


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("scientist", "/account/tokens/"),
        ("clinician", "/lab/datasets/{}/upload/"),
        ("scientist2", "/lab/datasets/{}/upload/"),
    ],
)
def test_a_file_sent_anywhere_else_or_by_others_is_kept_nowhere(name, path, dataset, client_of, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    client_of(name).post(path.format(dataset.public_id), {"file": SimpleUploadedFile("t.csv", people_table(40_000))})

    assert (files(), list((tmp_path / "temporary").iterdir())) == ([], [])
    assert unlocked(DatasetVersion.objects.count) == 0


def test_what_a_stopped_process_left_half_received_goes_after_a_day(send, dataset):
    for name, hours in (("old", 25), ("new", 1)):
        path = store.incoming(name)
        path.write_bytes(b"half")
        os.utime(path, (time.time() - hours * 3600,) * 2)
    send(dataset, people_table())

    assert "new.raw" in files() and "old.raw" not in files()


def test_a_worker_that_is_lost_leaves_the_file_to_the_next(dataset, client_of, worked, monkeypatch):
    from portal.compute import actions as compute
    from portal.compute.models import Job

    answer = client_of("scientist").post(
        f"/lab/datasets/{dataset.public_id}/upload/", {"file": SimpleUploadedFile("t.csv", people_table())}
    )
    lease = compute.claim(by=SYSTEM, on=worked.waiting.pop())
    store.rows(version_of(answer.url).stored).write_bytes(b"half")
    unlocked(lambda: Job.objects.filter(public_id=lease.job).update(lease_until="2020-01-01T00:00Z"))
    compute.reconcile(by=SYSTEM)
    worked()

    assert version_of(answer.url).state == "unconfirmed"


@pytest.mark.parametrize("change", ["flip", "cut", "swap"])
def test_a_file_that_was_changed_does_not_open(change, send, dataset, cast):
    version, other = send(dataset, people_table(6000)), send(dataset, people_table(seed=9))
    path = store.rows(version.stored)
    stored = path.read_bytes()
    changed = {
        "flip": stored[:100] + bytes([stored[100] ^ 1]) + stored[101:],
        "cut": stored[: vault.BLOCK + 28],
        "swap": store.rows(other.stored).read_bytes(),
    }
    path.write_bytes(changed[change])

    with pytest.raises(vault.Tampered):
        list(pages.every_row(path, store.key_of(version)))


def test_columns_are_confirmed_before_anything_is_computed(send, dataset, cast):
    version = send(dataset, people_table())
    asked = {"by": cast["scientist"], "on": version.public_id}
    holds = {0: "mrn", 1: "names", 2: "none", 3: "none", 4: "none"}

    from portal.datasets import asking

    with pytest.raises(Problem, match="columns to confirm"):
        asking.open_form(**asked)
    with pytest.raises(Problem, match="is not part of a table classified “De-identified”"):
        actions.confirm(**asked, holds=holds, classification="de-identified", names_are_names=True)
    with pytest.raises(Problem, match="the first line holds names"):
        actions.confirm(**asked, holds=holds, classification="identified", names_are_names=False)
    with pytest.raises(Problem, match="age: say which identifier"):
        actions.confirm(**asked, holds=holds | {4: ""}, classification="identified", names_are_names=True)
    actions.confirm(**asked, holds=holds, classification="identified", names_are_names=True)

    assert fresh(version).state == "confirmed"
    assert list(asking.open_form(**asked)[1]) == ["ward", "finding", "age"]
