"""What the first page of a version says of it: the card's words where it has any, else those that came with the form."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.registry.cards import values
from portal.registry.cards.attributes import BY_NUMBER
from portal.registry.cards.card import values_of
from portal.registry.models import ModelVersion

_USE, _NOT_FOR, _RISKS, _MEASURES = 5, 9, 10, 21


@dataclass(frozen=True)
class Overview:
    """Its use, when to take care and how good it is; `source` is what the form says of the rows it was made from."""

    use: str
    cautions: tuple[str, ...]
    performance: str
    source: str


def of(version: ModelVersion) -> Overview:
    """The words of a version; what the form says stays away wherever the card speaks, so that nothing contradicts it."""
    said, form = values_of(version), version.overlay
    training = form.get("training", {})
    measured = _text(said, _MEASURES)
    return Overview(
        use=_text(said, _USE) or form.get("intended_use", "") or version.model.summary,
        cautions=tuple(_cautions(said)) or tuple(form.get("cautions", ())),
        performance=measured or training.get("performance", ""),
        source="" if measured else _source(training),
    )


def _text(said: dict[str, dict], number: int) -> str:
    item = BY_NUMBER[number]
    return values.text_of(item, said.get(item.key, {}))


def _cautions(said: dict[str, dict]) -> Iterable[str]:
    for number in (_NOT_FOR, _RISKS):
        if text := _text(said, number):
            yield f"{BY_NUMBER[number].title}: {text}"


def _source(training: dict) -> str:
    rows = f"{training['rows']} rows" if training.get("rows") else ""
    return ", ".join(filter(None, (training.get("source", ""), rows)))
