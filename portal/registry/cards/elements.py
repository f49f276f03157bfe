"""The CHAI Applied Model Card v0.2 as one tree, and what of our card stands in each of its elements.

Source: coalition-for-health-ai/mc-schema, v0.2. Element names, order and what may be left out are that schema's; the
words are ours. An element that several of our values share holds them as sections of Markdown (see sections).
"""

from dataclasses import dataclass

from portal.registry.cards.attributes import LIST, RESULTS, Group, Item

NAMESPACE = "https://mc.chai.org/v0.2/schema.xsd"
ROOT = "AppliedModelCard"


@dataclass(frozen=True)
class Leaf:
    """An element that holds text: the keys whose values it carries, first the one that takes text without sections."""

    name: str
    keys: tuple[str, ...]
    member: str = ""
    optional: bool = False
    open: bool = False


@dataclass(frozen=True)
class Repeated:
    """An element that holds a list: of texts under `inner`, or of results where `inner` is empty."""

    name: str
    key: str
    inner: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Node:
    """An element that holds others, in this order."""

    name: str
    children: tuple


def _of(name: str, *numbers: int, **more) -> Leaf:
    return Leaf(name, tuple(f"attribute.{number}" for number in numbers), **more)


def _own(name: str, path: str = "", **more) -> Leaf:
    return Leaf(name, (f"chai.{path}{name}",), **more)


def _metrics(name: str, read: tuple, tested: tuple = (), process: tuple = ()) -> Node:
    def leaf(member: str, numbers: tuple) -> Leaf:
        return _of(member, *numbers) if numbers else _own(member, f"{name}.")

    return Node(name, (
        leaf("MetricGoal", ()), Repeated("Results", f"chai.{name}.Results"), leaf("Interpretation", read),
        leaf("TestType", ()), leaf("TestingDataDescription", tested), leaf("ValidationProcessAndJustification", process),
    ))  # fmt: skip


_GMLP = tuple(f"gmlp.{number}" for number in range(1, 11))
TREE = Node(ROOT, (
    Node("BasicInfo", (
        _own("ModelName"), Leaf("ModelDeveloper", ("attribute.1",), "text"), Leaf("DeveloperContact", ("attribute.1",), "contact"),
    )),
    Node("ReleaseInfo", (
        _own("ReleaseStage"), _own("ReleaseDate"), _own("ReleaseVersion"), _own("GlobalAvailability"),
        Repeated("EHRCompatibility", "chai.EHRCompatibility", "EHR", optional=True),
        Leaf("RegulatoryApproval", ("chai.RegulatoryApproval", "device"), optional=True),
    )),
    Node("ModelSummary", (_own("Summary"), Repeated("Keywords", "chai.Keywords", "Keyword"))),
    Node("UsesAndDirections", (
        _of("IntendedUseAndWorkflow", 5), _of("PrimaryIntendedUsers", 7), _of("HowToUse", 8),
        _of("TargetedPatientPopulation", 6), _of("CautionedOutOfScopeSettings", 9),
    )),
    Node("Warnings", (_of("KnownRisksAndLimitations", 10), _own("KnownBiasesOrEthicalConsiderations"), _own("ClinicalRiskLevel"))),
    Node("TrustIngredients", (
        Node("AISystemFacts", (
            _of("OutcomesAndOutputs", 3), _own("ModelType"), _own("FoundationModels", optional=True), _of("InputDataSource", 12),
            _of("OutputAndInputDataTypes", 4), _of("DevelopmentDataCharacterization", 11, 13, 14),
            _of("BiasMitigationApproaches", 15, 16), _of("OngoingMaintenance", 26, 28, 30, 31), _own("Security", optional=True),
            Leaf("Transparency", ("chai.Transparency", *_GMLP, "major"), optional=True, open=True),
        )),
        Node("TransparencyInformation", (
            _of("FundingSource", 2), _own("ThirdPartyInformation", optional=True), _own("StakeholdersConsulted"),
        )),
    )),
    Node("KeyMetrics", (
        _metrics("UsefulnessUsabilityEfficacy", (21, 23, 27), (19,), (17, 18, 20)),
        _metrics("FairnessEquity", (22, 24, 29)),
        _metrics("SafetyReliability", ()),
    )),
    Node("Resources", (
        _of("EvaluationReferences", 25, optional=True), _own("ClinicalTrial", optional=True), _own("PeerReviewedPublications"),
        _own("ReimbursementStatus", optional=True), _own("PatientConsentOrDisclosure"),
    )),
    _own("Bibliography"),
))  # fmt: skip


def leaves(node: Node = TREE, path: str = "") -> list[tuple[str, Leaf | Repeated]]:
    """Every element that holds something, with the names of those around it."""
    found = []
    for child in node.children:
        inner = f"{path}{child.name}"
        found += leaves(child, f"{inner}.") if isinstance(child, Node) else [(inner, child)]
    return found


_TITLES = {
    "EHRCompatibility": "Works with these record systems", "GlobalAvailability": "Where it is available",
    "RegulatoryApproval": "Regulatory approval in words", "ClinicalRiskLevel": "Clinical risk level",
    "KnownBiasesOrEthicalConsiderations": "Known biases and ethical questions", "FoundationModels": "Foundation models used",
    "StakeholdersConsulted": "Who was consulted", "ThirdPartyInformation": "Third parties", "TestType": "Kind of test",
    "ReimbursementStatus": "Reimbursement", "PatientConsentOrDisclosure": "What patients are told", "MetricGoal": "Goal",
    "TestingDataDescription": "Data of the test", "ValidationProcessAndJustification": "How it was tested, and why so",
}  # fmt: skip
_TESTS = {
    "UsefulnessUsabilityEfficacy": "Usefulness", "FairnessEquity": "Fairness", "SafetyReliability": "Safety",
}  # fmt: skip


def _items(wanted: bool) -> tuple[Item, ...]:
    found = []
    for path, leaf in leaves():
        key = leaf.key if isinstance(leaf, Repeated) else leaf.keys[0]
        if key.startswith("chai.") and (path.startswith("KeyMetrics") == wanted):
            kind = {"kind": (LIST if leaf.inner else RESULTS)} if isinstance(leaf, Repeated) else {}
            found.append(Item(key, _title(path, leaf.name), required=False, **kind))
    return tuple(found)


def _title(path: str, name: str) -> str:
    words = (
        _TITLES.get(name) or "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    )
    before = next((f"{title}: " for part, title in _TESTS.items() if part in path), "")
    return (before + (words[:1].lower() if before else words[:1].upper()) + words[1:]).strip()


GROUPS = (
    Group("more", "More for the exchange file", _items(False), "None of these is asked by the rule; the CHAI file has a place for each."),
    Group("tests", "Tests in the exchange file", _items(True), "Goals, results and kinds of test as the CHAI file has them."),
)  # fmt: skip
