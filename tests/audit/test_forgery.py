"""The attacker who has the whole database, this source and every plain hash, and lacks only the key.

Each forgery leaves a ledger in which every hash and every link of the chain fits, but for the key: the check is run
once under the attacker's own key to prove that the forgery is complete, and then under the portal's.
"""

import json
from contextlib import contextmanager

import pytest
from django.db import connection

from portal.access import actions, ledger
from portal.access.actors import SYSTEM
from portal.audit import heads, log, seals, threads, triggers, verify
from portal.audit.models import AuditEvent, Seal
from portal.core import guard
from portal.studies import actions as studies

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]
SIZES = (3, 1, 5, 2, 4)


@pytest.fixture
def places(settings, tmp_path):
    """Five seals over fifteen events; one head of the last, outside the database."""
    settings.HEADS = tmp_path / "heads"
    for number, size in enumerate(SIZES):
        for place in range(size):
            studies.open_study(by=SYSTEM, slug=f"study-{number}-{place}", title="A study")
        actions.seal_ledger(by=SYSTEM)
    ledger.sign_head(by=SYSTEM)
    actions.seal_ledger(by=SYSTEM)
    return list(AuditEvent.objects.order_by("id").values_list("id", flat=True))


def rows() -> list[dict]:
    """The whole log, in its order."""
    return [dict(row) for row in AuditEvent.objects.order_by("id").values()]


def change(found: list[dict], index: int, **columns) -> None:
    """Another truth in the columns and in the canonical bytes alike."""
    row = found[index]
    facts = json.loads(row["payload"]) | columns
    shown = {name: value for name, value in columns.items() if name in row}
    row.update(shown, payload=json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def name_before(found: list[dict]) -> None:
    """Let every event name the one that now stands before it."""
    after = ""
    for index, row in enumerate(found):
        change(found, index, written_after=after)
        after = threads.mark_of(row["id"], log.leaf_of(row["id"], row["payload"]))


def renumber(found: list[dict], places: list[int]) -> None:
    """Close every gap: the rows take the positions that are there, in order."""
    for row, place in zip(found, places, strict=False):
        row["id"] = place


def put(found: list[dict], secret: str, settings) -> None:
    """Write the log and all its seals anew: every leaf, every root, every link, computed with what the attacker has."""
    mine, settings.LEDGER_KEY = settings.LEDGER_KEY, secret
    old = list(Seal.objects.order_by("id"))
    last, made = seals.GENESIS, []
    for row in found:
        row["leaf"] = log.leaf_of(row["id"], row["payload"])
    for seal in old:
        batch = [row for row in found if seal.since <= row["epoch"] < seal.until]
        if not batch:
            continue
        seal.id, seal.since = len(made) + 1, made[-1].until if made else 0
        seal.events, seal.last = len(batch), max(row["id"] for row in batch)
        seal.places = seals.write_ranges([row["id"] for row in batch])
        seal.root, seal.previous = seals.root_of(row["leaf"] for row in batch), last
        seal.digest = last = seals.digest_of(seal)
        made.append(seal)
    with as_owner():
        AuditEvent.objects.all()._raw_delete(using="default")
        Seal.objects.all()._raw_delete(using="default")
        AuditEvent.objects.bulk_create([AuditEvent(**row) for row in found])
        Seal.objects.bulk_create(made)
    settings.LEDGER_KEY = mine


@contextmanager
def as_owner():
    with guard.unlocked():
        triggers.drop(connection)
        yield
        triggers.install(connection)


def changed(found, places):
    change(found, 6, actor="somebody-else")
    return 0


def deleted(found, places):
    del found[6]
    name_before(found)
    return 0


def deleted_and_closed(found, places):
    del found[6]
    renumber(found, places)
    name_before(found)
    return 0


def inserted(found, places):
    copy = dict(found[6])
    found.insert(7, copy)
    for index in range(len(found)):
        found[index]["id"] = index + places[0]
    change(found, 7, actor="nobody-at-all")
    name_before(found)
    return 0


def reordered(found, places):
    found[4], found[6] = found[6], found[4]
    found[4]["epoch"], found[6]["epoch"] = found[6]["epoch"], found[4]["epoch"]
    for row, index in ((found[4], 4), (found[6], 6)):
        change(found, index, epoch=row["epoch"])
    renumber(found, places)
    name_before(found)
    return 0


def deleted_only(found, places):
    """Without renaming: the rows around the gap stay the portal's own."""
    del found[6]
    return 0


def moved(found, places):
    """To the end, as if it had happened last."""
    row = found.pop(6)
    found.append(row)
    row["id"], row["epoch"] = places[-1] + 1, found[-2]["epoch"]
    change(found, len(found) - 1, epoch=row["epoch"])
    return 0


def cut(found, places):
    del found[9:]
    return 0


FORGERIES = (changed, deleted, deleted_and_closed, inserted, reordered, cut)
# Plain SHA-256 is HMAC's inner and outer hash without a key: with an empty one, anybody computes all of it.
SECRETS = ("", "what an attacker would have to guess")


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("forge", FORGERIES)
def test_a_complete_forgery_fits_but_for_the_key_and_its_first_row_is_named(forge, secret, places, settings):
    honest, found, outside = rows(), rows(), settings.HEADS
    mine, settings.LEDGER_KEY = settings.LEDGER_KEY, secret
    expected = forge(found, places)
    name_before(found)
    settings.LEDGER_KEY = mine
    put(found, secret, settings)

    settings.LEDGER_KEY, settings.HEADS = secret, outside / "none"
    assert verify.verify().fault == ""
    settings.LEDGER_KEY, settings.HEADS = mine, outside

    assert verify.verify().position == places[expected]
    assert honest != rows()


def first_unlike(honest: list[dict], found: list[dict]) -> int:
    """The first position whose row is not what the portal wrote there."""
    wrote, stands = ({row["id"]: row["payload"] for row in some} for some in (honest, found))
    return min(place for place in wrote | stands if wrote.get(place) != stands.get(place))


@pytest.mark.parametrize("resealed", [False, True])
@pytest.mark.parametrize("forge", [changed, deleted_only, inserted, reordered, moved])
def test_when_only_what_must_be_is_forged_the_very_first_row_is_named(forge, resealed, places, settings):
    """Untouched rows and seals keep the portal's own hashes; the rest is recomputed as plain SHA-256."""
    honest, found, kept = rows(), rows(), list(Seal.objects.order_by("id"))
    forge(found, places)
    put(found, "", settings)
    leaves = {(row["id"], row["payload"]): row["leaf"] for row in honest}
    with as_owner():
        for row in AuditEvent.objects.all():
            if (row.id, row.payload) in leaves:
                AuditEvent.objects.filter(id=row.id).update(leaf=leaves[row.id, row.payload])
        if not resealed:
            Seal.objects.all()._raw_delete(using="default")
            Seal.objects.bulk_create(kept)

    found = rows()
    verdict = verify.verify()
    # Where every seal is forged too, the first of them gives it away before any row does.
    assert verdict.position == (places[0] if resealed else first_unlike(honest, found))


def cut_back(count: int) -> int:
    """Remove the newest seals with their events: what is left fits, under the portal's own key. The first one gone."""
    kept = list(Seal.objects.order_by("id"))[:-count]
    with as_owner():
        gone = AuditEvent.objects.filter(epoch__gte=kept[-1].until)
        first = gone.order_by("id").values_list("id", flat=True).first()
        gone._raw_delete(using="default")
        Seal.objects.filter(id__gt=kept[-1].id)._raw_delete(using="default")
    return first


def test_a_cut_tail_fits_inside_the_database_and_the_head_outside_names_its_first_event(places, settings):
    outside = settings.HEADS
    first = cut_back(3)

    settings.HEADS = outside / "none"
    assert verify.verify().fault == ""
    settings.HEADS = outside
    assert verify.verify().position == first


def test_rows_seals_and_the_checks_inside_rewritten_with_the_stolen_key_are_caught_by_the_signed_head(places, settings):
    """The worst case short of everything: the ledger's key is known, the head's key and the share of the heads are not."""
    settings.HEAD_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    for path in settings.HEADS.iterdir():
        path.unlink()
    ledger.sign_head(by=SYSTEM)
    head = heads.newest()
    actions.record_check(by=SYSTEM, verdict=verify.verify())
    actions.seal_ledger(by=SYSTEM)
    found, stolen = [row for row in rows() if row["verb"] != "audit.verified"], settings.LEDGER_KEY
    change(found, 6, actor="somebody-else")
    name_before(found)
    put(found, stolen, settings)

    verdict = verify.verify()
    assert verdict.fault == f"Seal {head.seal} is not the one that the head of {head.at[:10]} attests."
    assert verdict.position == head.last


def test_a_head_forged_inside_the_folder_without_the_head_s_key_is_named(places, settings):
    found = rows()
    changed(found, places)
    name_before(found)
    put(found, settings.LEDGER_KEY, settings)
    path = next(settings.HEADS.glob("*.json"))
    facts = json.loads(path.read_text())
    facts["digest"] = Seal.objects.get(id=facts["seal"]).digest
    path.write_text(json.dumps(facts, sort_keys=True, separators=(",", ":")))

    assert verify.verify().fault == f"The head {path.name} is not signed with this portal's key."
