"""Reading many events for a check: each is proved on the way, and only what the seals need is kept.

On PostgreSQL the rows come as the text of one COPY, which costs a fraction of a row object each. A row whose text
is not plain, or does not fit, is fetched again and looked at column by column: that alone names what is wrong.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db import connection

from portal.audit import rows, threads
from portal.audit.keyed import halves
from portal.audit.models import AuditEvent
from portal.audit.rows import Fault

_COPIED = (
    "id", "epoch", "leaf", "actor", "actor_id", "address", "object_id", "object_type", "outcome", "patient", "purpose",
    "recorded_at", "request", "roles", "session", "study", "verb", "payload",
)  # fmt: skip
_COPY = f'COPY (SELECT {", ".join(_COPIED)} FROM "{AuditEvent._meta.db_table}" WHERE {{}}) TO STDOUT'
_WHOLE_SECOND, _MICROSECONDS, _FETCHED = 8, 15, 500


@dataclass
class Found:
    """What was read: (position, epoch, leaf) of each event, the marks that they name with who names them, and faults."""

    events: list[tuple[int, int, str]] = field(default_factory=list)
    after: dict[str, int] = field(default_factory=dict)
    faults: dict[int, Fault] = field(default_factory=dict)


def between(since: int, until: int) -> Found:
    """The events of some epochs, proved one by one."""
    found = Found()
    if connection.vendor == "postgresql":
        odd = _read_text(f"epoch >= {int(since)} AND epoch < {int(until)}", found)
        for first in range(0, len(odd), _FETCHED):
            _take(AuditEvent.objects.filter(id__in=odd[first : first + _FETCHED]), found)
    else:
        _take(AuditEvent.objects.filter(epoch__gte=since, epoch__lt=until), found)
    return found


def lost(found: Found) -> dict[int, int]:
    """The positions of events that others name as written before them and that are nowhere, with who names them."""
    here = {threads.mark_of(place, leaf) for place, _, leaf in found.events}
    sought = {int(mark.partition(":")[0]): mark for mark in found.after.keys() - here}
    places = sorted(sought)
    for first in range(0, len(places), _FETCHED):
        part = AuditEvent.objects.filter(id__in=places[first : first + _FETCHED])
        here.update(threads.mark_of(*row) for row in part.values_list("id", "leaf"))
    return {place: found.after[mark] for place, mark in sought.items() if mark not in here}


def _take(queryset, found: Found) -> None:
    for row in queryset.values_list(*rows.FIELDS).iterator(chunk_size=2000):
        place, payload, leaf, epoch = row[:4]
        try:
            rows.check(row)
        except Fault as fault:
            found.faults[place] = fault
        found.events.append((place, epoch, leaf))
        _note(rows.after(payload), place, found.after)


def _note(after: str, place: int, into: dict[str, int]) -> None:
    for mark in after.split(",") if after else ():
        into.setdefault(mark, place)


def _read_text(where: str, found: Found) -> list[int]:
    """Read by COPY; returns the positions of the rows that need a closer look."""
    odd = []
    with connection.cursor() as cursor, cursor.copy(_COPY.format(where)) as lines:
        for place, epoch, leaf, after in _plain(lines, odd):
            found.events.append((place, epoch, leaf))
            if after:
                _note(after, place, found.after)
    return odd


def _plain(lines: Iterable, odd: list[int]) -> Iterator[tuple[int, int, str, str]]:
    """The rows without anything to unescape whose hash covers them and whose columns repeat the payload."""
    inner_half, outer_half = halves()
    inner_copy, outer_copy = inner_half.copy, outer_half.copy
    for line in lines:
        text = str(line, "utf-8")
        head, _, payload = text[:-1].rpartition("\t")
        if "\\" in text or '"' in head:
            odd.append(int(text.partition("\t")[0]))
            continue
        (place, epoch, leaf, actor, actor_id, address, object_id, kind, outcome, patient, purpose, at, request, roles,
         session, study, verb) = head.split("\t")  # fmt: skip
        day, clock = at[:10], at[11:-3]
        if len(clock) != _WHOLE_SECOND:
            clock = clock.ljust(_MICROSECONDS, "0")
        start = f'{{"actor":"{actor}","actor_id":"{actor_id}","address":"{address}","detail":'
        end = (
            f',"epoch":{epoch},"object_id":"{object_id}","object_type":"{kind}","outcome":"{outcome}"'
            f',"patient":"{patient}","purpose":"{purpose}","recorded_at":"{day}T{clock}+00:00"'
            f',"request":"{request}","roles":"{roles}","session":"{session}","study":"{study}","verb":"{verb}"'
        )
        cut = payload.rfind(',"why":"')
        # The HMAC of `keyed`, written out: a call and a look-up for each of millions of rows would be felt.
        inner, outer = inner_copy(), outer_copy()
        inner.update(f"{place}\x1f{payload}".encode())
        outer.update(inner.digest())
        if outer.hexdigest() == leaf and payload.startswith(start) and payload.endswith(end, 0, cut):
            yield int(place), int(epoch), leaf, rows.after(payload)
        else:
            odd.append(int(place))
