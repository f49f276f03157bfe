"""Units of clinical values: UCUM in, UCUM out, every conversion visible; molar units by analyte."""

from dataclasses import dataclass
from functools import lru_cache


class UnitUnknown(ValueError):
    """A unit that is not UCUM as far as we can tell."""


class UnitMismatch(ValueError):
    """Two units of different kinds."""


@dataclass(frozen=True)
class Converted:
    """A value in its new unit, with the words for how it got there."""

    value: float
    unit: str
    factor_text: str


_SPELLINGS = {
    "mmHg": "mm[Hg]", "mm Hg": "mm[Hg]", "mm[hg]": "mm[Hg]", "bpm": "/min", "{beats}/min": "/min", "beats/min": "/min",
    "{beats}/minute": "/min", "/minute": "/min", "{score}": "1", "degC": "Cel", "°C": "Cel", "C": "Cel", "F": "[degF]",
    "degF": "[degF]", "°F": "[degF]", "lb": "[lb_av]", "lbs": "[lb_av]", "in": "[in_i]", "inch": "[in_i]",
    "µmol/L": "umol/L", "μmol/L": "umol/L", "kg/m²": "kg/m2", "years": "a", "year": "a", "yr": "a",
    "mL/min/1.73m2": "mL/min/{1.73_m2}", "{count}": "1", "ratio": "1",
}  # fmt: skip
_SHOWN = {
    "mm[Hg]": "mmHg", "Cel": "°C", "[degF]": "°F", "kg/m2": "kg/m²", "[lb_av]": "lb", "[in_i]": "in", "umol/L": "µmol/L",
    "/min": "per minute", "a": "years", "1": "", "mL/min/{1.73_m2}": "mL/min/1.73 m²", "10*3/uL": "10³/µL",
}  # fmt: skip

# Grams per mole of what is measured, by LOINC (IUPAC masses; HbA1c has its own formula below).
_MASS = {
    "creatinine": (113.12, {"2160-0", "38483-4"}),
    "glucose": (180.156, {"2339-0", "2345-7", "15074-8", "1558-6"}),
    "cholesterol": (386.65, {"2093-3", "2085-9", "13457-7", "18262-6", "14647-2"}),
    "triglycerides": (885.4, {"2571-8"}),
    "urea": (28.014, {"3094-0", "6299-2"}),
    "calcium": (40.078, {"17861-6", "49765-1"}),
    "bilirubin": (584.66, {"1975-2"}),
}
_HBA1C = frozenset({"4548-4", "17856-6", "59261-8"})
_MOLAR = {"mol/L": 1.0, "mmol/L": 1e-3, "umol/L": 1e-6}
_GRAMS = {"g/L": 1.0, "g/dL": 10.0, "mg/dL": 1e-2, "mg/L": 1e-3, "ug/dL": 1e-5}


def convert(value: float, from_unit: str, to_unit: str, *, analyte: str | None = None) -> Converted:
    """A value in another unit; `analyte` is a LOINC code for molar units. Raises UnitUnknown or UnitMismatch."""
    source, target = spelled(from_unit), spelled(to_unit)
    if source == target:
        return Converted(value, target, "")
    found = _hba1c(value, source, target, analyte)
    found = _molar(value, source, target, analyte) if found is None else found
    found = _general(value, source, target) if found is None else found
    return Converted(found, target, f"{value:g} {display_unit(source)} = {found:.4g} {display_unit(target)}")


@lru_cache(maxsize=512)
def line(from_unit: str, to_unit: str, analyte: str | None = None) -> tuple[float, float] | None:
    """Factor and offset of a conversion, for pages that show it as one types; None where there is no such line."""
    try:
        none, one, many = (convert(value, from_unit, to_unit, analyte=analyte).value for value in (0.0, 1.0, 100.0))
    except (UnitUnknown, UnitMismatch):
        return None
    factor = (many - none) / 100
    return (factor, none) if abs(none + factor - one) < 1e-9 * max(1.0, abs(one)) else None


def spelled(unit: str) -> str:
    """The UCUM spelling of a unit that sources write in many ways."""
    return _SPELLINGS.get(unit.strip(), unit.strip())


def check(unit: str) -> None:
    """Raise UnitUnknown for what is not a unit of UCUM as far as we can tell."""
    if spelled(unit) not in (*_SHOWN, *_MOLAR, *_GRAMS, "%", "mmol/mol"):
        _pint(spelled(unit))


def display_unit(unit: str) -> str:
    """A unit as people write it."""
    return _SHOWN.get(spelled(unit), unit)


def _hba1c(value: float, source: str, target: str, analyte: str | None) -> float | None:
    # IFCC mmol/mol against NGSP percent: NGSP = 0.09148 × IFCC + 2.152.
    if analyte not in _HBA1C:
        return None
    if (source, target) == ("mmol/mol", "%"):
        return 0.09148 * value + 2.152
    if (source, target) == ("%", "mmol/mol"):
        return (value - 2.152) / 0.09148
    return None


def _molar(value: float, source: str, target: str, analyte: str | None) -> float | None:
    mass = next((grams for grams, codes in _MASS.values() if analyte in codes), None)
    if mass is None:
        return None
    if source in _MOLAR and target in _GRAMS:
        return value * _MOLAR[source] * mass / _GRAMS[target]
    if source in _GRAMS and target in _MOLAR:
        return value * _GRAMS[source] / mass / _MOLAR[target]
    return None


def _general(value: float, source: str, target: str) -> float:
    try:
        return float(_registry().Quantity(value, _pint(source)).to(_pint(target)).magnitude)
    except UnitUnknown:
        raise
    except Exception as problem:
        if type(problem).__name__ in {"DimensionalityError", "OffsetUnitCalculusError", "UndefinedUnitError"}:
            raise UnitMismatch(
                f"{display_unit(source)} cannot be converted to {display_unit(target) or 'a plain number'}."
            ) from None
        raise


@lru_cache(maxsize=512)
def _pint(unit: str):
    try:
        return _registry().from_ucum(unit).units
    except Exception:
        # ucumvert's parser raises its own grammar errors for whatever is not UCUM.
        raise UnitUnknown(f"“{unit[:20]}” is not a unit that is known here.") from None


@lru_cache(maxsize=1)
def _registry():
    # Inline: the unit registry takes half a second and 40 MB that most processes never need.
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()
