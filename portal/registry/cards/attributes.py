"""What a model card must say: the 31 source attributes of 45 CFR 170.315(b)(11)(iv)(B), GMLP and the device question.

Numbers and paragraphs are the rule's; the words are ours. `may_be_missing` follows (v)(A)(2): there alone may a card
say “not available”. Source of the ten principles: IMDRF N88 (2025), in our words.
"""

from dataclasses import dataclass

TEXT, DEVELOPER, CHOICE, TICKS, GMLP, DEVICE, LIST, RESULTS, OWN, MARK = (
    "text", "developer", "choice", "ticks", "gmlp", "device", "list", "results", "own", "mark",
)  # fmt: skip
OUTPUT_KINDS = ("prediction", "classification", "recommendation", "evaluation", "analysis", "other")
ROLES = ("informs", "augments", "replaces")
# (iv)(A)(5) to (13)
TICKED = {
    "race": "race", "ethnicity": "ethnicity", "language": "language", "sexual-orientation": "sexual orientation",
    "gender-identity": "gender identity", "sex": "sex", "date-of-birth": "date of birth",
    "social-determinants": "social determinants of health", "health-status": "health status assessments",
}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One thing a card says; `cite` is the paragraph after (iv)(B), `ask` the question to its author."""

    key: str
    title: str
    ask: str = ""
    kind: str = TEXT
    number: int = 0
    cite: str = ""
    may_be_missing: bool = False
    choices: tuple[str, ...] = ()
    required: bool = True

    @property
    def label(self) -> str:
        """With its number, as the rule counts."""
        return f"{self.number}. {self.title}" if self.number else self.title


@dataclass(frozen=True)
class Group:
    """Items that are read and written together."""

    slug: str
    title: str
    items: tuple[Item, ...]
    lead: str = ""


def _a(number: int, cite: str, title: str, ask: str, **more) -> Item:
    return Item(f"attribute.{number}", title, ask, number=number, cite=cite, **more)


_MISSING = {"may_be_missing": True}
_RULE = (
    Group("details", "What it is", (
        _a(1, "(1)(i)", "Developer and contact", "Who made it, and whom to ask.", kind=DEVELOPER),
        _a(2, "(1)(ii)", "Funding", "Who paid for the technical work."),
        _a(3, "(1)(iii)", "What the output says", "What the number or word that comes out means."),
        _a(4, "(1)(iv)", "Kind of output", "Which of these comes out.", kind=CHOICE, choices=OUTPUT_KINDS),
    )),
    Group("purpose", "What it is for", (
        _a(5, "(2)(i)", "Intended use", "What it is made for."),
        _a(6, "(2)(ii)", "Intended patients", "For which patients."),
        _a(7, "(2)(iii)", "Intended users", "Who should use it, and with which knowledge."),
        _a(8, "(2)(iv)", "Role in the decision", "What it does to a person's decision.", kind=CHOICE, choices=ROLES),
    )),
    Group("cautions", "When not to use it", (
        _a(9, "(3)(i)", "Not for", "Tasks, situations and patients it must not be used for."),
        _a(10, "(3)(ii)", "Known risks and limits", "What can go wrong, where, and what it cannot do."),
    )),
    Group("making", "How it was made", (
        _a(11, "(4)(i)", "Who is in the training data", "Which records were taken in, and which left out."),
        _a(12, "(4)(ii)", "Protected and social inputs", "Which of these it takes as an input.", kind=TICKS, choices=tuple(TICKED)),
        _a(13, "(4)(iii)", "Who the training data stand for", "How its patients are spread over those nine."),
        _a(14, "(4)(iv)", "Fit to this hospital", "How far the training data resemble the patients here."),
    )),
    Group("fairness", "Fairness of the making", (
        _a(15, "(5)(i)", "What was done for fair output", "How the makers saw to it that no group is done wrong."),
        _a(16, "(5)(ii)", "What was done against bias", "How bias in data or model is kept down."),
    )),
    Group("outside", "Tests elsewhere", (
        _a(17, "(6)(i)", "External data", "Data of other places on which validity and fairness were tested.", **_MISSING),
        _a(18, "(6)(ii)", "Who tested externally", "Who ran that test.", **_MISSING),
        _a(19, "(6)(iii)", "Who the external data stand for", "How its patients are spread.", **_MISSING),
        _a(20, "(6)(iv)", "How it was tested externally", "What was done.", **_MISSING),
    )),
    Group("measures", "How good it is", (
        _a(21, "(7)(i)", "Validity at the source", "How good it is on held-out data of the training source."),
        _a(22, "(7)(ii)", "Fairness at the source", "How that differs between groups."),
        _a(23, "(7)(iii)", "Validity elsewhere", "How good it is on external data.", **_MISSING),
        _a(24, "(7)(iv)", "Fairness elsewhere", "How that differs between groups there.", **_MISSING),
        _a(25, "(7)(v)", "Effect on patients", "Studies of what its use does to patients' outcomes.", **_MISSING),
    )),
    Group("watching", "How it is watched", (
        _a(26, "(8)(i)", "Watching validity", "How, and how often, it is checked that it is still right."),
        _a(27, "(8)(ii)", "Validity here", "How good it is on patients of this hospital.", **_MISSING),
        _a(28, "(8)(iii)", "Watching fairness", "How, and how often, it is checked between groups."),
        _a(29, "(8)(iv)", "Fairness here", "How that differs between groups here.", **_MISSING),
    )),
    Group("upkeep", "How it is kept up", (
        _a(30, "(9)(i)", "Updates", "How, and how often, the model is made anew.", **_MISSING),
        _a(31, "(9)(ii)", "Corrections", "How soon it is put right when it is found wrong or unfair.", **_MISSING),
    )),
)  # fmt: skip

_PRINCIPLES = (
    ("A team of many trades", "The intended use is well understood, and all needed trades took part."),
    ("Sound engineering", "Good software, security and risk practice was kept."),
    ("Right patients in the tests", "The people in the evaluation are like those it is meant for."),
    ("Training apart from testing", "Nobody's data stand in both."),
    ("Fit reference", "What counts as the truth is the best there is, and its limits are known."),
    ("Model fits data and use", "Its design suits the data and what it is used for."),
    ("People and model together", "How people work with its answers was looked at, not the model alone."),
    ("Tested as it is used", "The tests resemble the clinic."),
    ("Clear information", "Users are told plainly what they need to know."),
    ("Watched in use", "It is watched after release, and retraining is under control."),
)
PRINCIPLES = tuple(
    Item(f"gmlp.{number}", title, ask, GMLP, number) for number, (title, ask) in enumerate(_PRINCIPLES, 1)
)

DEVICE_STATES = {
    "non-device": "decision support that is no device", "cleared": "cleared device", "research": "research only",
    "under-review": "under review",
}  # fmt: skip
# FD&C 520(o)(1)(E), in our words.
CRITERIA = (
    "It takes no image and no signal.",
    "It shows or analyses medical information about a patient.",
    "It supports a professional; it does not direct one.",
    "The professional can see what its answer rests on, and judge for themselves.",
)
DETERMINATION = Item("device", "Device determination", "What it is under the FD&C Act, and why.", DEVICE)
MAJOR = Item(
    "major", "Must be read again", "Clinicians must read this version's card even if nothing above changed.", MARK,
    required=False,
)  # fmt: skip

GROUPS = (
    *_RULE,
    Group("practice", "Good machine learning practice", PRINCIPLES, "Ten principles; say yes, no or not applicable, and how you know."),
    Group("device", "Device or not", (DETERMINATION, MAJOR), "The committee signs this determination."),
)  # fmt: skip
ATTRIBUTES = tuple(item for group in _RULE for item in group.items)
REQUIRED = tuple(item for group in GROUPS for item in group.items if item.required)
BY_NUMBER = {item.number: item for item in ATTRIBUTES}
LOCAL = {27: "validity", 29: "fairness"}
