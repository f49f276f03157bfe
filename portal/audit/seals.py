"""The sealer: closes what is settled into batches and chains each to the one before."""

from hashlib import sha256

from portal.audit import log, positions
from portal.audit.models import AuditEvent, Seal

GENESIS = "0" * 64


def close_batch() -> Seal | None:
    """Seal every settled event that is not sealed yet; None when there is none. One sealer at a time."""
    last = Seal.objects.order_by("-id").first()
    since, until = (last.until if last else 0), positions.settled_below()
    leaves = list(batch(since, until)) if until > since else []
    if not leaves:
        return None
    seal = Seal(
        id=last.id + 1 if last else 1,
        since=since,
        until=until,
        events=len(leaves),
        last=max(place for place, _ in leaves),
        places=write_ranges([place for place, _ in leaves]),
        root=root_of(leaf for _, leaf in leaves),
        previous=last.digest if last else GENESIS,
    )
    seal.digest = digest_of(seal)
    seal.save(force_insert=True)
    return seal


def batch(since: int, until: int):
    """(position, leaf) of the events of some epochs, in order of position."""
    rows = AuditEvent.objects.filter(epoch__gte=since, epoch__lt=until).order_by("id")
    return rows.values_list("id", "leaf").iterator(chunk_size=5000)


def root_of(leaves) -> str:
    """One hash over a batch's leaves in order."""
    return sha256(bytes.fromhex("".join(leaves))).hexdigest()


def digest_of(seal: Seal) -> str:
    """The keyed hash that chains a seal to the one before."""
    facts = (seal.id, seal.since, seal.until, seal.events, seal.last, seal.places, seal.root, seal.previous)
    return log.keyed("seal\x1f" + "\x1f".join(str(fact) for fact in facts))


def write_ranges(places: list[int]) -> str:
    """Positions in order as `1-57,59`."""
    ranges: list[list[int]] = []
    for place in places:
        if ranges and place == ranges[-1][1] + 1:
            ranges[-1][1] = place
        else:
            ranges.append([place, place])
    return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in ranges)


def read_ranges(text: str) -> list[int]:
    """The positions that `write_ranges` wrote."""
    bounds = (part.partition("-") for part in text.split(",") if part)
    return [place for first, _, last in bounds for place in range(int(first), int(last or first) + 1)]
