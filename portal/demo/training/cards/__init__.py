"""The model cards of the demonstration's models: what is known of their data and making, and plainly what is not."""

NOT = {"unavailable": True}
NO_BUDGET = "Nobody paid for making this model: it is part of the demonstration."
ASK = "Whoever runs this portal; a demonstration has no other helpdesk."
WATCH = "The portal compares its answers with what happened later, once results are old enough; the page “Reliability here” shows it. No review on fixed days is arranged for a demonstration."
WATCH_GROUPS = "The same page shows sex and age groups with at least 11 people in each. No review on fixed days is arranged for a demonstration."
UPKEEP = {
    "attribute.30": "Never by itself. The demonstration trains it anew, to the same result, each time it is set up.",
    "attribute.31": NOT,
}
_NOT_OUTSIDE = {f"attribute.{number}": NOT for number in (17, 18, 19, 20, 23, 24)}
_PRACTICE = (
    ("no", "Made by software developers for a demonstration; no clinician took part."),
    ("yes", "Its code is read by others, tested, and its files are named by a digest; it runs without network."),
    ("no", "Tested on held-out rows of the same data, not on patients of this hospital."),
    ("yes", "Each row is one person, and no row stands both in training and in the held-out part."),
    ("yes", "The outcome is the one that its data hold; the card says what it is."),
    ("yes", "A small, plain model for a few hundred or thousand rows."),
    ("no", "How clinicians work with its answers was not studied."),
    ("no", "Tested on a table only, not in a clinic."),
    ("yes", "This card, and the sentences beside each result."),
    ("yes", "The portal counts what happened later; nothing is retrained by itself."),
)  # fmt: skip


def card(
    said: dict[int, object], *, device: dict, practice: dict[int, tuple] | None = None, more: dict | None = None
) -> dict:
    """A whole card as `card.json` has it; `said` gives attributes by number, `practice` what differs of the ten principles."""
    found = dict(_NOT_OUTSIDE) | {"attribute.25": NOT, "attribute.27": NOT, "attribute.29": NOT}
    found |= {"attribute.26": WATCH, "attribute.28": WATCH_GROUPS, "attribute.2": NO_BUDGET} | UPKEEP
    found |= {f"attribute.{number}": value for number, value in said.items()}
    for number, (answer, note) in enumerate(_PRACTICE, 1):
        answer, note = (practice or {}).get(number, (answer, note))
        found[f"gmlp.{number}"] = {"answer": answer, "text": note}
    return found | {"device": device} | {f"chai.{name}": value for name, value in (more or {}).items()}


def developer(what: str) -> dict:
    """Attribute 1."""
    return {"text": f"The demonstration of this portal, {what}", "contact": ASK}


def research(why: str, *, medical: str, signal: bool = False) -> dict:
    """The determination of a model that is here to be tried and not for care."""
    image = (
        ("no", "It reads an ECG, which is a signal.")
        if signal
        else ("yes", "It takes typed and recorded values alone.")
    )
    reasons = (image, ("no" if signal else "yes", medical), ("yes", "It gives a number to talk about and proposes no action."),
               ("yes", f"The result shows what moved it and this card says what it was made from. {why}"))  # fmt: skip
    return {"status": "research", "urgent": "no", "criteria": [{"met": met, "text": text} for met, text in reasons]}


def groups(found: dict[str, tuple[int, float]], what: str, *, places: int = 2) -> str:
    """Measures by group as a sentence: `found` gives for each group how many there were and what was measured."""
    return (
        f"{what}: "
        + ", ".join(f"{value:.{places}f} among {count} {name}" for name, (count, value) in found.items())
        + "."
    )
