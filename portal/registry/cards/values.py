"""The values of a card: what may be said of each item, when it says nothing, and how it reads in plain words.

A value is a small JSON object, {} when blank. Texts are kept without blanks around them and hold no character that
XML cannot hold, so that what is written down here comes out of a file as it went in.
"""

import re

from portal.registry.cards import attributes
from portal.registry.cards.attributes import (
    CHOICE,
    DEVELOPER,
    DEVICE,
    GMLP,
    LIST,
    MARK,
    OWN,
    RESULTS,
    TEXT,
    TICKED,
    TICKS,
    Item,
)  # fmt: skip

LONGEST, MOST_ITEMS = 10_000, 100
ANSWERS = {"yes": "yes", "no": "no", "na": "not applicable"}
# XML 1.0, production 2.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Unfit(Exception):
    """A value that does not fit; the text says why, without its subject."""


def clean(item: Item, raw) -> dict:
    """The value as it is kept; raises Unfit. {} is what says nothing."""
    if not isinstance(raw, dict):
        raise Unfit("must be an object.")
    return _CLEAN[item.kind](item, raw)


def is_blank(item: Item, value: dict) -> bool:
    """Whether the rule would find nothing, or not all, said."""
    if item.kind == DEVELOPER:
        return not (value.get("text") and value.get("contact"))
    if item.kind == CHOICE:
        return not value.get("choice")
    if item.kind == TICKS:
        return not (value.get("ticks") or value.get("none"))
    if item.kind == GMLP:
        return not (value.get("answer") and value.get("text"))
    if item.kind == DEVICE:
        return bool(lacking(value))
    return not value


def text_of(item: Item, value: dict) -> str:
    """The value in plain words; empty when it says nothing."""
    if value.get("unavailable"):
        return "Not available."
    told = _HEADS[item.kind](value) if item.kind in _HEADS else ""
    return "\n".join(filter(None, (told, value.get("text", ""), value.get("contact", ""))))


def _text(raw: dict, member: str = "text", *, lines: bool = True) -> str:
    text = raw.get(member, "")
    if not isinstance(text, str):
        raise Unfit(f"{member} must be a text.")
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > LONGEST:
        raise Unfit(f"is longer than {LONGEST:,} characters.")
    if _NOT_XML.search(text):
        raise Unfit("holds a character that cannot be written to a file.")
    return text if lines else " ".join(text.split())


def _some(**members) -> dict:
    return {name: value for name, value in members.items() if value}


def _clean_text(item: Item, raw: dict) -> dict:
    text = _text(raw)
    if raw.get("unavailable"):
        if not item.may_be_missing:
            raise Unfit("must be told; the rule lets nobody say “not available” here.")
        if text:
            raise Unfit("says something and “not available” as well. Choose one.")
        return {"unavailable": True}
    return _some(text=text)


def _clean_developer(item: Item, raw: dict) -> dict:
    return _some(text=_text(raw), contact=_text(raw, "contact"))


def _one_of(raw: dict, member: str, allowed) -> str:
    found = raw.get(member, "")
    if found and (not isinstance(found, str) or found not in allowed):
        raise Unfit(f"takes {', '.join(allowed)}.")
    return found


def _clean_choice(item: Item, raw: dict) -> dict:
    return _some(choice=_one_of(raw, "choice", item.choices), text=_text(raw))


def _clean_ticks(item: Item, raw: dict) -> dict:
    given = raw.get("ticks", [])
    if not isinstance(given, list) or any(not isinstance(one, str) or one not in TICKED for one in given):
        raise Unfit(f"takes ticks of {', '.join(TICKED)}.")
    if given and raw.get("none"):
        raise Unfit("ticks some and “none of these” as well. Choose one.")
    ticks = [name for name in TICKED if name in given]
    return _some(ticks=ticks, none=bool(raw.get("none")), text=_text(raw))


def _clean_gmlp(item: Item, raw: dict) -> dict:
    return _some(answer=_one_of(raw, "answer", ANSWERS), text=_text(raw))


def _clean_device(item: Item, raw: dict) -> dict:
    given = raw.get("criteria", [])
    if (
        not isinstance(given, list)
        or len(given) > len(attributes.CRITERIA)
        or not all(isinstance(one, dict) for one in given)
    ):
        raise Unfit("has four criteria, each with met and text.")
    criteria = [_some(met=_one_of(one, "met", ("yes", "no")), text=_text(one)) for one in given]
    criteria += [{}] * (len(attributes.CRITERIA) - len(criteria))
    return _some(
        status=_one_of(raw, "status", attributes.DEVICE_STATES), number=_text(raw, "number", lines=False),
        urgent=_one_of(raw, "urgent", ("yes", "no")), criteria=criteria if any(criteria) else [],
    )  # fmt: skip


def _clean_list(item: Item, raw: dict) -> dict:
    given = raw.get("items", [])
    if not isinstance(given, list) or len(given) > MOST_ITEMS:
        raise Unfit(f"takes a list of at most {MOST_ITEMS}.")
    return _some(items=[text for one in given if (text := _text({"text": one}, lines=False))])


def _clean_results(item: Item, raw: dict) -> dict:
    given = raw.get("results", [])
    if (
        not isinstance(given, list)
        or len(given) > MOST_ITEMS
        or any(not isinstance(one, list) or len(one) != 2 for one in given)
    ):
        raise Unfit(f"takes at most {MOST_ITEMS} pairs of label and value.")
    pairs = [[_text({"text": part}, lines=False) for part in one] for one in given]
    return _some(results=[] if pairs == [["", ""]] else pairs)


def _clean_own(item: Item, raw: dict) -> dict:
    title, text = _text(raw, "title", lines=False), _text(raw)
    if bool(title) != bool(text):
        raise Unfit("needs a name and a text; to take it away, empty both.")
    return _some(title=title[:160], text=text)


def _clean_mark(item: Item, raw: dict) -> dict:
    return _some(marked=bool(raw.get("marked")))


_CLEAN = {
    TEXT: _clean_text, DEVELOPER: _clean_developer, CHOICE: _clean_choice, TICKS: _clean_ticks, GMLP: _clean_gmlp,
    DEVICE: _clean_device, LIST: _clean_list, RESULTS: _clean_results, OWN: _clean_own, MARK: _clean_mark,
}  # fmt: skip


def lacking(value: dict) -> list[str]:
    """What a device determination still lacks, in words."""
    criteria = value.get("criteria", [])
    lacking = [] if value.get("status") else ["what it is"]
    lacking += [] if value.get("urgent") else ["whether it is time-critical"]
    lacking += ["the number of its clearance"] if value.get("status") == "cleared" and not value.get("number") else []
    answered = [one for one in criteria if one.get("met") and one.get("text")]
    return lacking + ([] if len(answered) == len(attributes.CRITERIA) else ["the four criteria with reasons"])


def _device_head(value: dict) -> str:
    lines = [attributes.DEVICE_STATES.get(value.get("status", ""), "").capitalize()]
    lines += [f"Number: {value['number']}"] if value.get("number") else []
    lines += [f"Time-critical: {value['urgent']}."] if value.get("urgent") else []
    for criterion, one in zip(attributes.CRITERIA, value.get("criteria", []), strict=False):
        lines += [f"{criterion} {one.get('met', '').capitalize()}: {one.get('text', '')}"] if one else []
    return "\n".join(filter(None, lines))


_HEADS = {
    CHOICE: lambda value: value.get("choice", "").capitalize(),
    TICKS: lambda value: "None of these." if value.get("none") else ", ".join(TICKED[one] for one in value.get("ticks", [])).capitalize(),
    GMLP: lambda value: ANSWERS.get(value.get("answer", ""), "").capitalize(),
    DEVICE: _device_head,
    LIST: lambda value: ", ".join(value.get("items", [])),
    RESULTS: lambda value: "\n".join(f"{label}: {told}" for label, told in value.get("results", [])),
    MARK: lambda value: "Yes" if value.get("marked") else "",
}  # fmt: skip
