"""One row of the ledger against its own hash, quickly: tuples in, text compared, nothing decoded unless it differs."""

import json
from json.encoder import encode_basestring as quoted

from portal.audit import log

FIELDS = ("id", "payload", "leaf", *log.COLUMNS)
_PLACE, _PAYLOAD, _LEAF, _EPOCH = range(4)
VERB = FIELDS.index("verb")
_WHY, _AFTER = ',"why":"', ',"written_after":"'


class Fault(Exception):
    """The first thing that does not fit: where, and in which words."""

    def __init__(self, position: int | None, sentence: str):
        super().__init__(sentence)
        self.position, self.sentence = position, sentence


def check(row: tuple) -> None:
    """Raise Fault unless the row's hash covers its position and payload, and its columns repeat the payload."""
    place, payload, leaf = row[:3]
    if log.leaf_of(place, payload) != leaf:
        raise Fault(place, f"Event {place} ({row[VERB]}) was changed, moved or inserted: its hash does not fit.")
    if not _repeats(row):
        _name_column(row)


def _repeats(row: tuple) -> bool:
    """Whether the columns, written out in the payload's own order, are the payload around `detail` and `why`.

    Quotes inside a value are escaped there, so the pieces can stand nowhere else.
    """
    (_, payload, _, epoch, at, verb, outcome, actor, actor_id, roles, kind, object_id, patient, study, purpose,
     request, session, address) = row  # fmt: skip
    head = f'{{"actor":{quoted(actor)},"actor_id":{quoted(actor_id)},"address":{quoted(address)},"detail":'
    tail = (
        f',"epoch":{epoch},"object_id":{quoted(object_id)},"object_type":{quoted(kind)},"outcome":{quoted(outcome)}'
        f',"patient":{quoted(patient)},"purpose":{quoted(purpose)},"recorded_at":"{at.isoformat()}"'
        f',"request":{quoted(request)},"roles":{quoted(roles)},"session":{quoted(session)},"study":{quoted(study)}'
        f',"verb":{quoted(verb)}'
    )
    return payload.startswith(head) and payload.endswith(tail, 0, payload.rfind(_WHY))


def after(payload: str) -> str:
    """The marks of the events that a proved event names as written before it, with commas; empty when there is none."""
    start = payload.rfind(_AFTER)
    return payload[start + len(_AFTER) : -2] if start > 0 else ""


def _name_column(row: tuple) -> None:
    facts = json.loads(row[_PAYLOAD])
    for name, stored in zip(log.COLUMNS, row[_EPOCH:], strict=True):
        shown = stored.isoformat() if name == "recorded_at" else stored
        if shown != facts[name]:
            place = row[_PLACE]
            raise Fault(place, f"Event {place} ({row[VERB]}) was changed: its {name} is not what was recorded.")
