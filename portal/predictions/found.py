"""From a scorer's columns to everything an envelope says about them."""

from dataclasses import dataclass, field

from portal.compute.runtime import columns
from portal.compute.runtime.facts import PARAM
from portal.predictions import abstention, contributions, distance, reading, variations
from portal.registry.models import ModelVersion
from portal.registry.scoring import columns_of
from portal.registry.spec import FormSpec


@dataclass(frozen=True)
class Found:
    """What came of one run, already put into words; `output` is None when the model gave no number."""

    reading: dict
    output: dict | None = None
    spans: dict = field(default_factory=dict)
    distance: dict = field(default_factory=dict)
    contributions: dict | None = None


@dataclass(frozen=True)
class Question:
    """What is asked of a model: the row, the plausible rows beside it, and how its answer is read."""

    values: dict
    columns: list[dict]
    overlay: dict
    plan: variations.Plan
    outside: int
    abstains: dict | None

    @property
    def rows(self) -> list[dict]:
        """The rows for the scorer, the answer's first."""
        changed = ({}, *self.plan.changes)
        return [columns.row(self.columns, {**self.values, **changes}) for changes in changed]

    @property
    def params(self) -> dict:
        """The settings that the model is run with; those left at their own default are not named."""
        return {name.removeprefix(PARAM): value for name, value in self.values.items() if name.startswith(PARAM)}


def ask(version: ModelVersion, form: FormSpec, inputs: dict) -> Question:
    """The question of a run; it abstains at once when too much is missing."""
    values = inputs["values"]
    abstains = abstention.for_missing(form, version.overlay, values)
    plan = variations.Plan() if abstains or not inputs["missing"] else variations.plan(form, values)
    return Question(values, columns_of(version), version.overlay, plan, len(inputs["out_of_range"]), abstains)


def read(asked: Question, columns: dict[str, list]) -> Found:
    """Everything there is to say about the answer in the first row; raises reading.NotReadable."""
    output = asked.overlay.get("output", {})
    described = output.get("contributions")
    parts = contributions.columns_of(described)
    own = {name: values for name, values in columns.items() if name not in parts}
    found = reading.read(output, own)
    far = distance.of(asked.overlay.get("training", {}).get("distance"), asked.values, asked.outside)
    unsure = found if found["kind"] == "abstained" else abstention.for_width(asked.overlay, found)
    if unsure:
        return Found(unsure, distance=far)
    head = (described or {}).get("of") or reading.head_column(output)
    row = {name: values[0] for name, values in columns.items()}
    return Found(
        reading=found,
        output={name: row[name] for name in own},
        spans=variations.spans(asked.plan, output, columns, found),
        distance=far,
        contributions=contributions.account(described, row, row.get(head), contributions.notes_of(asked.overlay)),
    )


def abstain(asked: Question) -> Found:
    """What stands in an envelope whose model was not even asked."""
    far = distance.of(asked.overlay.get("training", {}).get("distance"), asked.values, asked.outside)
    return Found(asked.abstains, distance=far)
