"""Cards as CHAI files and back: nothing is lost, nothing is fetched, nothing unfit comes in."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.core.problems import BadInput
from portal.registry.cards import attributes, chai, elements, values
from portal.registry.cards.attributes import CHOICE, DEVICE, GMLP, LIST, MARK, OWN, RESULTS, TICKS
from portal.registry.cards.card import item_of

# Texts that look like the marks by which several values share one element.
_MARKS = (
    "### 13. Who the training data stand for",
    "*Not available.*",
    "- [x] prediction",
    "#### Criterion 1: met",
    "\\### x",
    "### Own 3. T",
    "### GMLP 2. x",
)
texts = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from([*_MARKS, "", "a line", "\\", "  x"]), min_size=1, max_size=5).map("\n".join),
)


def raw(item) -> st.SearchStrategy:
    """Anything that a person may type for an item."""
    text = {"text": texts}
    if item.kind == CHOICE:
        return st.fixed_dictionaries(text | {"choice": st.sampled_from(["", *item.choices])})
    if item.kind == TICKS:
        return st.fixed_dictionaries(text | {"ticks": st.lists(st.sampled_from(item.choices))})
    if item.kind == GMLP:
        return st.fixed_dictionaries(text | {"answer": st.sampled_from(["", "yes", "no", "na"])})
    if item.kind == DEVICE:
        criterion = st.fixed_dictionaries(text | {"met": st.sampled_from(["", "yes", "no"])})
        return st.fixed_dictionaries({
            "status": st.sampled_from(["", *attributes.DEVICE_STATES]), "number": texts, "urgent": st.sampled_from(["", "yes", "no"]),
            "criteria": st.lists(criterion, max_size=4),
        })  # fmt: skip
    if item.kind == LIST:
        return st.fixed_dictionaries({"items": st.lists(texts, max_size=4)})
    if item.kind == RESULTS:
        return st.fixed_dictionaries({"results": st.lists(st.lists(texts, min_size=2, max_size=2), max_size=4)})
    if item.kind == MARK:
        return st.fixed_dictionaries({"marked": st.booleans()})
    if item.kind == OWN:
        return st.fixed_dictionaries({"title": texts, "text": texts})
    return st.one_of(st.fixed_dictionaries(text | {"contact": texts}), st.just({"unavailable": True}))


def cleaned(item, given: dict) -> dict:
    try:
        return values.clean(item, given)
    except values.Unfit:
        return {}


KEYS = [item.key for group in (*attributes.GROUPS, *elements.GROUPS) for item in group.items] + [
    "own.1",
    "own.7",
    "own.40",
]
cards = st.fixed_dictionaries({}, optional={key: raw(item_of(key)) for key in KEYS}).map(
    lambda found: {key: value for key, given in found.items() if (value := cleaned(item_of(key), given))}
)


@pytest.mark.slow
@given(cards)
def test_a_card_comes_out_of_its_file_as_it_went_in(said):
    content = chai.to_xml(said)
    assert chai.check(content) == []
    assert chai.from_xml(content) == said


@pytest.mark.parametrize("mark", _MARKS)
def test_a_text_that_looks_like_a_mark_stays_a_text(mark):
    said = {f"attribute.{number}": {"text": f"{mark}\n\n{mark} "[:-1].strip()} for number in (11, 13, 21, 25)} | {
        "chai.Transparency": {"text": mark}, "own.3": {"title": mark, "text": mark},
        "device": {"criteria": [{"text": mark}, {}, {}, {"met": "no", "text": mark}]},
    }  # fmt: skip
    assert chai.from_xml(chai.to_xml(said)) == said


def shape(node=elements.TREE):
    """A card file of somebody else: every element of the schema with a text of its own."""
    element = ET.Element(f"{{{elements.NAMESPACE}}}{node.name}")
    for child in node.children:
        if isinstance(child, elements.Node):
            element.append(shape(child))
        elif isinstance(child, elements.Repeated):
            inner = ET.SubElement(element, f"{{{elements.NAMESPACE}}}{child.name}")
            for number in (1, 2):
                one = ET.SubElement(inner, f"{{{elements.NAMESPACE}}}{child.inner or 'MetricResult'}")
                if child.inner:
                    one.text = f"{child.name} {number}"
                else:
                    ET.SubElement(one, f"{{{elements.NAMESPACE}}}Label").text = f"AUROC {number}"
                    ET.SubElement(one, f"{{{elements.NAMESPACE}}}ValueJson").text = '{"kind":"single","value":0.8}'
        else:
            ET.SubElement(
                element, f"{{{elements.NAMESPACE}}}{child.name}"
            ).text = f"## {child.name}\n\n- one\n- two *three*"
    return element


def flat(content: bytes) -> list[tuple[str, str]]:
    return [(element.tag, (element.text or "").strip()) for element in ET.fromstring(content).iter()]


def test_the_card_of_somebody_else_goes_out_as_it_came_in():
    content = ET.tostring(shape())
    assert chai.check(content) == []
    said = chai.from_xml(content)
    assert flat(chai.to_xml(said)) == flat(content)
    assert said["attribute.9"] == {"text": "## CautionedOutOfScopeSettings\n\n- one\n- two *three*"}
    assert said["attribute.1"]["contact"].startswith("## DeveloperContact")
    assert len(said["chai.FairnessEquity.Results"]["results"]) == 2


@pytest.mark.parametrize(
    "path",
    [
        "BasicInfo/ModelName",
        "KeyMetrics/SafetyReliability",
        "KeyMetrics/FairnessEquity/Results/MetricResult",
        "Bibliography",
    ],
)
def test_a_file_without_a_part_that_it_must_have_is_refused(path):
    root = shape()
    names = path.split("/")
    parent = root
    for name in names[:-1]:
        parent = parent.find(f"{{{elements.NAMESPACE}}}{name}")
    for element in parent.findall(f"{{{elements.NAMESPACE}}}{names[-1]}"):
        parent.remove(element)
    with pytest.raises(BadInput, match="no CHAI Applied Model Card"):
        chai.from_xml(ET.tostring(root))


def test_every_optional_element_may_be_left_out():
    root = shape()
    optional = {leaf.name for _, leaf in elements.leaves() if leaf.optional}
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.partition("}")[2] in optional:
                parent.remove(child)
    assert optional == {"EHRCompatibility", "RegulatoryApproval", "FoundationModels", "Security", "Transparency", "ThirdPartyInformation", "EvaluationReferences", "ClinicalTrial", "ReimbursementStatus"}  # fmt: skip
    assert chai.check(ET.tostring(root)) == []


def test_a_signature_of_its_makers_may_follow_and_is_told():
    root = shape()
    assert not chai.is_signed(ET.tostring(root))
    ET.SubElement(root, "{http://www.w3.org/2000/09/xmldsig#}Signature").text = "x"
    content = ET.tostring(root)
    assert (chai.check(content), chai.is_signed(content)) == ([], True)


LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha">' + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10 if n > 1 else b"&a;" * 10) for n in range(1, 9)) + b"]>"  # fmt: skip


@pytest.mark.parametrize(
    "head",
    [
        LAUGHS,
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">',
        b'<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>',
    ],
)
def test_entities_and_document_types_are_refused_unread(head):
    content = head + ET.tostring(shape())
    with pytest.raises(BadInput, match="without entities"):
        chai.from_xml(content)


@given(st.binary(max_size=300))
@example(b"<" * 100_000)
@example(b"<a>" * 50_000)
def test_no_bytes_are_too_odd_for_a_sentence(content):
    with pytest.raises(BadInput):
        chai.from_xml(content)
