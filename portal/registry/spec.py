"""The form of a model version: its MLflow signature overlaid with what reviewers decided about each field."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from math import floor, log10

from portal.compute.runtime.facts import PARAM, TRACING_KIND
from portal.registry.conditions import When

KINDS = {
    "double": "number", "float": "number", "long": "integer", "integer": "integer", "string": "text",
    "boolean": "boolean", "datetime": "moment", "binary": "file",
}  # fmt: skip
SETTINGS = "Settings of the model"
# What is read of a tracing unless the overlay says otherwise: lead, samples a second, seconds at least and at most.
TRACING = {"lead": "II", "rate": 500, "shortest": 8, "longest": 60}
# From here on a number has more digits than rounding keeps.
_UNROUNDED = 1e15
YES_NO = ((True, "Yes"), (False, "No"))


@dataclass(frozen=True)
class Option:
    """One allowed answer."""

    value: object
    label: str


@dataclass(frozen=True)
class Field:
    """One question of the form, with everything that decides how it is asked and checked."""

    name: str
    type: str
    kind: str
    label: str
    help: str
    group: str
    order: int
    required: bool
    unit: str
    unit_label: str
    units: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    usual_min: float | None
    usual_max: float | None
    options: tuple[Option, ...]
    unknown: bool
    fixed: object
    record: dict | None
    protected: bool
    imputed: dict | None
    weight: float
    tracing: dict | None = None
    when: When | None = None
    default: object = None
    # How long a list has to be, -1 for any length; of a tensor, one for each further dimension.
    sizes: tuple[int, ...] = ()
    # The group that may be left out as a whole, where this is needed as soon as another part of it is given.
    within: str = ""
    may_miss: bool = False
    zone: str = ""
    setting: bool = False
    # A setting that stays at the model's own default.
    left: bool = False

    @property
    def asked(self) -> bool:
        """Whether a person answers it; a fixed field is not asked."""
        return self.fixed is None and not self.left

    @property
    def is_file(self) -> bool:
        """Whether it is answered by sending a file."""
        return self.kind in ("ecg", "file")

    @property
    def is_tracing(self) -> bool:
        """Whether it is answered by sending a tracing, which is read and drawn."""
        return self.tracing is not None

    @property
    def holds_many(self) -> bool:
        """Whether an answer is several values: a list, rows of them, or values under names."""
        return self.kind in ("list", "rows", "pairs")

    @property
    def word(self) -> str:
        """The type of its value, or of each of its values."""
        return _item_of(self.type)

    @property
    def item(self) -> "Field":
        """One value of a list, as a field of its own."""
        kind = KINDS[(word := self.word)]
        kind = "date" if self.zone == "" and kind == "moment" else kind
        return replace(self, type=word, kind=kind, options=_options(kind, {}), sizes=(), unit="", units=())

    @property
    def analyte(self) -> str:
        """The LOINC code by which molar units are converted."""
        codes = (self.record or {}).get("codes") or [""]
        return codes[0]

    @property
    def nullable(self) -> bool:
        """Whether the signature lets its value be missing: a number that is no whole one, a text or a moment always may."""
        return self.may_miss or self.type in ("double", "float", "string", "datetime")


@dataclass(frozen=True)
class FormSpec:
    """All fields of a version in the order in which they are asked."""

    fields: tuple[Field, ...]

    def __getitem__(self, name: str) -> Field:
        found = next((field for field in self.fields if field.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    @property
    def names(self) -> frozenset[str]:
        """The names that an answer may carry."""
        return frozenset(field.name for field in self.fields if field.asked)

    def groups(self) -> list[tuple[str, list[Field]]]:
        """The asked fields by group, groups in order of their first field."""
        found: dict[str, list[Field]] = {}
        for field in self.fields:
            if field.asked:
                found.setdefault(field.group, []).append(field)
        return list(found.items())


def form_of(version) -> FormSpec:
    """The form of a model version."""
    return of(version.facts, version.overlay)


def of(facts: dict, overlay: dict) -> FormSpec:
    """The form of a signature under an overlay."""
    params = [given for given in facts.get("params", ()) if "default" in given]
    return build(facts["inputs"], overlay.get("inputs", {}), params, overlay.get("params", {}))


def build(inputs: list[dict], overlay: dict, params: Iterable[dict] = (), settings: dict | None = None) -> FormSpec:
    """A form from signature inputs (`name`, `type`, `required`) and the overlay's entry for each; params come last."""
    fields = [_field(place, given, overlay.get(given["name"], {})) for place, given in enumerate(inputs)]
    fields.sort(key=lambda field: field.order)
    found = [_setting(place, given, (settings or {}).get(given["name"], {})) for place, given in enumerate(params)]
    return FormSpec((*fields, *sorted(found, key=lambda field: field.order)))


def _setting(place: int, given: dict, over: dict) -> Field:
    """A param: it stays at its default unless the overlay fixes it otherwise or has it asked."""
    words = {"label": given["name"].replace("_", " ").capitalize(), "group": SETTINGS, "default": given["default"]}
    askable = _item_of(given["type"]) in KINDS and "binary" not in given["type"]
    column = {"name": PARAM + given["name"], "type": given["type"] if askable else "string"}
    field = _field(place, column | {"required": given["default"] is not None}, words | over)
    left = not askable or (field.fixed is None and not over.get("asked"))
    return replace(field, setting=True, left=left, may_miss=True)


def _field(place: int, given: dict, over: dict) -> Field:
    kind = _kind(given["type"], over)
    return Field(
        name=given["name"],
        type=given["type"],
        kind=kind,
        label=over.get("label") or given["name"].replace("_", " ").capitalize(),
        help=over.get("help", ""),
        group=over.get("group", ""),
        order=over.get("order", 1000 + place),
        required=bool(over.get("required", given.get("required", True))),
        unit=over.get("unit", ""),
        unit_label=over.get("unit_label") or over.get("unit", ""),
        units=tuple(over.get("units", ())),
        minimum=over.get("min"),
        maximum=over.get("max"),
        usual_min=_outward(over.get("usual_min"), ROUND_FLOOR, over.get("min")),
        usual_max=_outward(over.get("usual_max"), ROUND_CEILING, over.get("max")),
        options=_options(kind, over),
        unknown=bool(over.get("unknown", False)),
        fixed=over.get("fixed"),
        record=over.get("record"),
        protected=bool(over.get("protected", False)),
        imputed=over.get("imputed"),
        weight=float(over.get("weight", 0)),
        tracing={name: over.get(name, usual) for name, usual in TRACING.items()} if kind == "ecg" else None,
        when=When.of(over.get("when")),
        default=over.get("default"),
        sizes=tuple(given.get("sizes", ())),
        within=given.get("within", ""),
        may_miss=not given.get("required", True),
        zone="" if over.get("day_only") else over.get("zone") or "local",
    )


def _outward(bound: float | None, rounding: str, end: float | None) -> float | None:
    """A bound of what was usual as people read it: two significant digits, whole from 10 on, never beyond the possible.

    The form warns by this bound too, so that what it says and what it does agree.
    """
    if not bound or abs(bound) >= _UNROUNDED:
        return bound
    places = 0 if abs(bound) >= 10 else 1 - floor(log10(abs(bound)))
    found = float(Decimal(str(bound)).quantize(Decimal(1).scaleb(-places), rounding))
    beyond = end is not None and (found < end if rounding == ROUND_FLOOR else found > end)
    return bound if beyond or found == bound else found


def _item_of(declared: str) -> str:
    return declared.split("(")[-1].rstrip(")")


def _kind(declared: str, over: dict) -> str:
    if declared.startswith("array"):
        if over.get("kind") == TRACING_KIND:
            return "ecg"
        return "rows" if declared.startswith("array(array") else "list"
    if declared.startswith("map"):
        return "pairs"
    if over.get("options"):
        return "choice"
    kind = KINDS[declared]
    if kind == "moment" and over.get("day_only"):
        return "date"
    return "integer" if kind == "number" and over.get("integer") else kind


def _options(kind: str, over: dict) -> tuple[Option, ...]:
    pairs = YES_NO if kind == "boolean" else [(given["value"], given["label"]) for given in over.get("options", ())]
    return tuple(Option(value, label) for value, label in pairs)


@lru_cache(maxsize=256)
def number_text(value: float) -> str:
    """A number as people write it: no trailing zeros, no exponent for usual sizes."""
    return f"{value:.10g}"
