"""Several values in one text of Markdown, and back without loss: a heading for each, and marks escaped in what people wrote."""

import re
from collections.abc import Iterable

from portal.registry.cards import attributes
from portal.registry.cards.attributes import CHOICE, DEVICE, GMLP, MARK, OWN, TICKS, Item
from portal.registry.cards.values import ANSWERS

_MISSING = "*Not available.*"
# What has a meaning at the start of a line; a backslash takes it away, as in Markdown.
_MARKED = re.compile(r"^(\\*)(#{3,4} |- \[|\*Not available\.\*$)", re.MULTILINE)
_ESCAPED = re.compile(r"^\\(\\*)(#{3,4} |- \[|\*Not available\.\*$)", re.MULTILINE)
_TICK = re.compile(r"- \[([x ])\] (.*)")
_OWN = re.compile(r"### Own (\d{1,2})\. (.*)")
_NONE = "none of these"
_MET = {"yes": "met", "no": "not met", "": "not answered"}
_URGENT = "time-critical"


def write(given: Iterable[tuple[Item, dict]], *, plain: Item) -> str:
    """The values as one text; that of `plain`, where it stands alone and is a mere text, needs no heading."""
    said = [(item, value) for item, value in given if value]
    if len(said) == 1 and said[0][0] == plain and set(said[0][1]) == {"text"} and plain.kind != GMLP:
        text = said[0][1]["text"]
        if not text.startswith("### "):
            return text
    return "\n\n".join(f"{_heading(item, value)}\n{_body(item, value)}".rstrip() for item, value in said)


def read(text: str, items: Iterable[Item], *, plain: Item, own: bool = False) -> dict[str, dict]:
    """The raw values by key that a text holds; where it starts with no heading of ours, it is all `plain`'s."""
    headings = {_heading(item, {}): item for item in items}
    found: list[tuple[str, Item, dict, list[str]]] = []
    for line in text.split("\n"):
        start = _start(line, headings, own)
        if start:
            found.append((*start, []))
        elif not found:
            return {plain.key: {"text": text}}
        else:
            found[-1][3].append(line)
    return {key: known | _parse(item, "\n".join(lines).strip()) for key, item, known, lines in found}


def _start(line: str, headings: dict[str, Item], own: bool) -> tuple[str, Item, dict] | None:
    line = line.rstrip()
    if line in headings:
        return headings[line].key, headings[line], {}
    known = _OWN.fullmatch(line) if own else None
    if known is None:
        return None
    key = f"own.{int(known.group(1))}"
    return key, Item(key, "", kind=OWN), {"title": known.group(2)}


def _heading(item: Item, value: dict) -> str:
    if item.kind == OWN:
        return f"### Own {item.number}. {value.get('title', '')}"
    return f"### {'GMLP ' if item.kind == GMLP else ''}{item.label}"


def _escape(text: str) -> str:
    return _MARKED.sub(r"\\\1\2", text)


def _unescape(text: str) -> str:
    return _ESCAPED.sub(r"\1\2", text)


def _body(item: Item, value: dict) -> str:
    if value.get("unavailable"):
        return _MISSING
    if item.kind == DEVICE:
        return _device_body(value)
    lines = [f"- [{'x' if ticked else ' '}] {label}" for label, ticked in _ticks(item, value)]
    return "\n".join([*lines, *([""] if lines else []), _escape(value.get("text", ""))])


def _ticks(item: Item, value: dict) -> list[tuple[str, bool]]:
    if item.kind == CHOICE and value.get("choice"):
        return [(choice, choice == value["choice"]) for choice in item.choices]
    if item.kind == TICKS and (value.get("ticks") or value.get("none")):
        ticks = [(label, name in value.get("ticks", [])) for name, label in attributes.TICKED.items()]
        return [*ticks, (_NONE, bool(value.get("none")))]
    if item.kind == GMLP and value.get("answer"):
        return [(label, name == value["answer"]) for name, label in ANSWERS.items()]
    return [(item.title, True)] if item.kind == MARK else []


def _parse(item: Item, text: str) -> dict:
    if item.kind == DEVICE:
        return _device(text)
    if text == _MISSING:
        return {"unavailable": True}
    ticked, rest = _split_ticks(text)
    value = {"text": _unescape(rest)}
    if item.kind == CHOICE:
        value["choice"] = next(iter(ticked), "")
    if item.kind == TICKS:
        names = {label: name for name, label in attributes.TICKED.items()}
        value |= {"ticks": [names[label] for label in ticked if label in names], "none": _NONE in ticked}
    if item.kind == GMLP:
        value["answer"] = next((name for name, label in ANSWERS.items() if label in ticked), "")
    return {"marked": bool(ticked)} if item.kind == MARK else value


def _split_ticks(text: str) -> tuple[list[str], str]:
    ticked, lines = [], text.split("\n")
    while lines and (found := _TICK.fullmatch(lines[0].rstrip())):
        ticked += [found.group(2)] if found.group(1) == "x" else []
        lines.pop(0)
    return ticked, "\n".join(lines).strip()


def _device_body(value: dict) -> str:
    lines = [f"- [x] {attributes.DEVICE_STATES[value['status']]}"] if value.get("status") else []
    lines += [f"- [{'x' if value['urgent'] == 'yes' else ' '}] {_URGENT}"] if value.get("urgent") else []
    lines += ["#### Number", _escape(value["number"])] if value.get("number") else []
    for place, one in enumerate(value.get("criteria", []), 1):
        lines += [f"#### Criterion {place}: {_MET[one.get('met', '')]}", _escape(one.get("text", ""))]
    return "\n".join(lines)


def _device(text: str) -> dict:
    states = {label: name for name, label in attributes.DEVICE_STATES.items()}
    met = {f"Criterion {place}: {label}": (place, name) for place in range(1, 5) for name, label in _MET.items()}
    value: dict = {"criteria": [{} for _ in attributes.CRITERIA]}
    for heading, lines in _parts(text):
        body = _unescape("\n".join(lines).strip())
        if heading in met:
            place, name = met[heading]
            value["criteria"][place - 1] = {"met": name, "text": body}
        elif heading == "Number":
            value["number"] = body
        elif heading == "":
            value |= _device_ticks(lines, states)
    return value


def _device_ticks(lines: list[str], states: dict[str, str]) -> dict:
    found = [tick for line in lines if (tick := _TICK.fullmatch(line.rstrip()))]
    value = {"status": next((states[tick.group(2)] for tick in found if tick.group(2) in states), "")}
    urgent = next((tick.group(1) for tick in found if tick.group(2) == _URGENT), None)
    return value | ({"urgent": "yes" if urgent == "x" else "no"} if urgent else {})


def _parts(text: str) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in text.split("\n"):
        if line.startswith("#### "):
            found.append((line.removeprefix("#### ").rstrip(), []))
        else:
            found[-1][1].append(line)
    return found
