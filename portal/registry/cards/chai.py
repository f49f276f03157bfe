"""A card as CHAI Applied Model Card v0.2 XML, and back; every file is checked against the schema in both directions.

Nothing of a file is fetched or expanded: no entities, no document type, no address, at most `LARGEST` bytes.
"""

from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

from portal.core import clock
from portal.core.problems import BadInput
from portal.registry.cards import sections, values
from portal.registry.cards.card import OWN_PREFIX, item_of
from portal.registry.cards.elements import NAMESPACE, ROOT, TREE, Leaf, Node, Repeated
from portal.registry.models import ModelVersion

LARGEST = 500_000
SCHEMA = Path(__file__).with_name("applied_model_card.xsd")
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


def defaults(version: ModelVersion) -> dict[str, dict]:
    """What stands in the file where the card says nothing else: what the portal knows anyway."""
    found = {
        "chai.ModelName": version.model.title,
        "chai.ReleaseStage": version.get_state_display(),
        "chai.ReleaseDate": clock.day_of(version.approved_at).isoformat() if version.approved_at else "",
        "chai.ReleaseVersion": str(version.number),
        "chai.Summary": version.model.summary,
    }
    return {key: {"text": text.strip()} for key, text in found.items() if text.strip()}


def to_xml(said: dict[str, dict]) -> bytes:
    """The file of these values by key."""
    ET.register_namespace("", NAMESPACE)
    root = _write(TREE, said)
    ET.indent(root)
    content = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    faults = check(content)
    if faults:
        raise AssertionError(f"The card does not fit the schema: {faults[0]}")
    return content


def from_xml(content: bytes) -> dict[str, dict]:
    """The values by key that a file holds, cleaned; raises BadInput saying what does not fit."""
    if len(content) > LARGEST:
        raise BadInput({"file": f"The file is larger than {LARGEST // 1000} kB; a card is a few pages of text."})
    faults = check(content)
    if faults:
        raise BadInput({"file": f"This is no CHAI Applied Model Card v0.2: {faults[0]}"})
    root = ET.fromstring(content)  # noqa: S314 (`check` refused entities and document types)
    raw = _read(TREE, root)
    return {key: found for key, value in raw.items() if (found := _clean(key, value))}


def is_signed(content: bytes) -> bool:
    """Whether a file that fits carries a signature of its own, which no copy of its values can keep."""
    return ET.fromstring(content).find(_SIGNATURE) is not None  # noqa: S314 (only for files that passed `check`)


def check(content: bytes) -> list[str]:
    """What does not fit the schema, in the order of the file; empty when all does."""
    # The library takes a tenth of a second to load: only what reads or writes a card file needs it.
    import xmlschema

    try:
        resource = xmlschema.XMLResource(content, defuse="always", allow="none")
        return [_fault(error) for error in _schema().iter_errors(resource)]
    except (xmlschema.XMLSchemaException, ET.ParseError, ValueError, LookupError, RecursionError):
        return ["it cannot be read as XML without entities and document types."]


@cache
def _schema():
    import xmlschema

    return xmlschema.XMLSchema(str(SCHEMA), defuse="always", allow="local")


def _fault(error) -> str:
    place = (error.path or "").replace(f"{{{NAMESPACE}}}", "").strip("/").replace("/", ", ")
    place = place.split(":")[-1] if place.count(":") == 1 else place
    reason = str(error.reason or "it does not fit.").replace(f"{{{NAMESPACE}}}", "")[:200]
    return f"at {place or ROOT}: {reason}"


def _clean(key: str, raw: dict) -> dict:
    item = item_of(key)
    if item is None:
        return {}
    try:
        return values.clean(item, raw)
    except values.Unfit as problem:
        raise BadInput({"file": f"{item.label} {problem}"}) from None


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _write(node: Node, said: dict) -> ET.Element:
    element = ET.Element(_tag(node.name))
    for child in node.children:
        if isinstance(child, Node):
            element.append(_write(child, said))
        elif isinstance(child, Repeated):
            _write_list(element, child, said.get(child.key, {}))
        else:
            text = _text(child, said)
            if text or not child.optional:
                ET.SubElement(element, _tag(child.name)).text = text
    return element


def _write_list(parent: ET.Element, child: Repeated, value: dict) -> None:
    if child.optional and not value:
        return
    element = ET.SubElement(parent, _tag(child.name))
    if child.inner:
        for text in value.get("items", []):
            ET.SubElement(element, _tag(child.inner)).text = text
        return
    for label, told in value.get("results") or [["", ""]]:
        result = ET.SubElement(element, _tag("MetricResult"))
        ET.SubElement(result, _tag("Label")).text = label
        ET.SubElement(result, _tag("ValueJson")).text = told


def _keys(leaf: Leaf, said: dict) -> list[str]:
    own = (
        sorted((key for key in said if key.startswith(OWN_PREFIX)), key=lambda key: item_of(key).number)
        if leaf.open
        else []
    )
    return [*leaf.keys, *own]


def _text(leaf: Leaf, said: dict) -> str:
    if leaf.member:
        return said.get(leaf.keys[0], {}).get(leaf.member, "")
    given = [(item_of(key), said.get(key, {})) for key in _keys(leaf, said)]
    return sections.write(given, plain=item_of(leaf.keys[0]))


def _read(node: Node, element: ET.Element) -> dict[str, dict]:
    found: dict[str, dict] = {}
    for child in node.children:
        inner = element.find(_tag(child.name))
        if inner is None:
            continue
        for key, value in _read_one(child, inner).items():
            found[key] = {**found.get(key, {}), **value}
    return found


def _read_one(child, element: ET.Element) -> dict[str, dict]:
    if isinstance(child, Node):
        return _read(child, element)
    if isinstance(child, Repeated) and child.inner:
        return {child.key: {"items": [one.text or "" for one in element]}}
    if isinstance(child, Repeated):
        return {child.key: {"results": [[(part.text or "") for part in one] for one in element]}}
    text = (element.text or "").strip()
    if not text:
        return {}
    if child.member:
        return {child.keys[0]: {child.member: text}}
    items = [item_of(key) for key in child.keys]
    return sections.read(text, items, plain=items[0], own=child.open)
