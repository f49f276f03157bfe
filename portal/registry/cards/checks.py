"""What of a card holds an approval back: what is blank, what contradicts the form, what the device question rules out."""

from portal.registry import spec
from portal.registry.cards import attributes, values
from portal.registry.cards.attributes import TICKED, Group, Item
from portal.registry.cards.card import values_of
from portal.registry.models import ModelVersion
from portal.registry.spec import Field

_NAMED = 2
# The group in which the nine are ticked.
_TICKING = "making"
# Words by which a protected input is known for one of the nine; 45 CFR 92.210 adds color, national origin, age, disability.
_WORDS = {
    "race": ("race", "racial", "color", "colour", "skin"), "ethnicity": ("ethnic", "ethnicity", "origin", "nationality", "ancestry"),
    "language": ("language", "interpreter"), "sexual-orientation": ("orientation",), "gender-identity": ("gender",),
    "sex": ("sex", "male", "female", "men", "women", "menopausal"), "date-of-birth": ("age", "birth", "born", "birthdate", "years"),
    "social-determinants": ("income", "housing", "employment", "education", "insurance", "deprivation", "postcode"),
    "health-status": ("disability", "disabled", "karnofsky", "ecog", "frailty"),
}  # fmt: skip
_RECORD = {"age": "date-of-birth", "sex": "sex"}
# What a form takes without being marked protected, so that its absence there proves nothing.
_UNMARKED = frozenset({"social-determinants", "health-status"})


def missing(version: ModelVersion) -> list[tuple[str, str]]:
    """A sentence for each group with blanks, contradiction with the form and ruled-out determination, with its group."""
    said = values_of(version)
    blanks = [(sentence, group.slug) for group in attributes.GROUPS if (sentence := _blank(group, said))]
    wrong = [(sentence, _TICKING) for sentence in contradictions(version, said)]
    return [*blanks, *wrong, *((sentence, "device") for sentence in _device(version, said.get("device", {})))]


def contradictions(version: ModelVersion, said: dict[str, dict]) -> list[str]:
    """Where the nine ticks and the protected fields of the form do not agree (45 CFR 92.210)."""
    value = said.get("attribute.12", {})
    if values.is_blank(attributes.BY_NUMBER[12], value):
        return []
    ticks, fields = set(value.get("ticks", [])), protected(version)
    known = {kind for _, kind in fields if kind}
    found = [
        f"The form asks “{field.label}”, but the card does not tick {TICKED[kind]}."
        for field, kind in fields if kind and kind not in ticks
    ]  # fmt: skip
    unknown = [field for field, kind in fields if not kind]
    open_ticks = [name for name in TICKED if name in ticks - known]
    if unknown and not open_ticks:
        named = ", ".join(f"“{field.label}”" for field in unknown)
        found.append(f"The form marks {named} as protected, but the card ticks nothing that it could be.")
    if not unknown:
        wrong = [TICKED[name] for name in open_ticks if name not in _UNMARKED]
        found += [f"The card ticks {', '.join(wrong)}, but no question of the form is marked as that."] if wrong else []
    return found


def protected(version: ModelVersion) -> list[tuple[Field, str]]:
    """The form's protected fields, each with the one of the nine that it is known for; empty where it is not known."""
    fields = [(field, _RECORD.get((field.record or {}).get("kind", ""), "")) for field in spec.form_of(version).fields]
    return [(field, kind or _by_words(field)) for field, kind in fields if kind or field.protected]


def _by_words(field: Field) -> str:
    text = f"{field.name} {field.label}".lower()
    words = set("".join(letter if letter.isalpha() else " " for letter in text).split())
    return next((kind for kind, known in _WORDS.items() if words & set(known)), "")


def _blank(group: Group, said: dict[str, dict]) -> str:
    blank = [item for item in group.items if item.required and values.is_blank(item, said.get(item.key, {}))]
    if not blank:
        return ""
    if group.slug == "device":
        return f"{group.title}: {', '.join(values.lacking(said.get('device', {})))} is not said."
    named = ", ".join(_named(item) for item in blank[:_NAMED])
    more = f" and {len(blank) - _NAMED} more" if len(blank) > _NAMED else ""
    return f"{group.title}: {named}{more} {'is' if len(blank) == 1 else 'are'} blank."


def _named(item: Item) -> str:
    return f"{item.title.lower()} ({item.number})"


def _device(version: ModelVersion, value: dict) -> list[str]:
    if value.get("status") != "non-device":
        return []
    found = ["A time-critical model cannot be marked as no device."] if value.get("urgent") == "yes" else []
    if any(field.is_file for field in spec.form_of(version).fields):
        found.append("A model that reads a signal cannot be marked as no device.")
    unmet = [str(place) for place, one in enumerate(value.get("criteria", []), 1) if one.get("met") == "no"]
    return found + ([f"Marked as no device, but criterion {', '.join(unmet)} is not met."] if unmet else [])
