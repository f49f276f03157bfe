"""The card that a new version starts with: what the version before said, and what its files bring in `card.json`."""

import json
from pathlib import Path

from portal.core.problems import BadInput
from portal.registry import shapes
from portal.registry.cards import values
from portal.registry.cards.card import item_of
from portal.registry.models import CardEntry, ModelVersion

FILE, LARGEST = "card.json", 500_000


def read(folder: Path) -> dict[str, dict]:
    """The values that a model's files propose, by key; raises BadInput naming what does not fit."""
    path = folder / FILE
    if not path.is_file() or path.is_symlink():
        return {}
    if path.stat().st_size > LARGEST:
        raise BadInput({"card": f"{FILE} is larger than {LARGEST // 1000} kB."})
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadInput({"card": f"{FILE} must be a JSON object of values by key."})
    if wrong := shapes.unkept(found):
        raise BadInput({"card": f"{FILE} {wrong}"})
    return cleaned(found)


def cleaned(raw: dict[str, object]) -> dict[str, dict]:
    """Values by key as they are kept; a mere text stands for itself. Raises BadInput naming every one that does not fit."""
    found, errors = {}, {}
    for key, value in raw.items():
        item = item_of(str(key))
        if item is None:
            errors[str(key)[:80]] = f"A card has nothing called “{str(key)[:80]}”."
            continue
        try:
            found[key] = values.clean(item, {"text": value} if isinstance(value, str) else value)
        except values.Unfit as problem:
            errors[key] = f"{item.label} {problem}"
    if errors:
        raise BadInput(errors)
    return found


def take(version: ModelVersion, proposed: dict[str, dict], by) -> None:
    """Write down what a new version starts with; what the version before said keeps its author and date."""
    before = (
        ModelVersion.objects.filter(model_id=version.model_id, number__lt=version.number).order_by("-number").first()
    )
    kept: dict[str, CardEntry] = {}
    for row in before.card_entries.all() if before else ():
        kept[row.key] = row
    rows = [
        CardEntry(version=version, key=row.key, value=row.value, author_id=row.author_id, at=row.at, since=row.since)
        for key, row in kept.items() if row.value and key != "major" and proposed.get(key, row.value) == row.value
    ]  # fmt: skip
    same = {row.key for row in rows}
    rows += [
        CardEntry(version=version, key=key, value=value, author=by, since=version.number)
        for key, value in proposed.items() if value and key not in same
    ]  # fmt: skip
    CardEntry.objects.bulk_create(rows)
