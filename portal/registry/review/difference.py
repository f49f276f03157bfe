"""What is other in a version than in the one that was approved before it, worked out from both, never typed."""

from dataclasses import dataclass, replace
from functools import lru_cache

from portal.registry import artifacts, bundle, spec
from portal.registry.evidence import figures
from portal.registry.models import Evaluation, ModelVersion
from portal.registry.review import wording

LONGEST = 160
# Parts of what is signed that are called otherwise here: the files themselves have a section of their own.
_PARTS = {"files": ("software", "Software and first load")}
_ASKED = (
    ("label", "question"), ("type", "type"), ("required", "needed"), ("unit", "unit"), ("minimum", "lowest"),
    ("maximum", "highest"), ("usual_min", "usual from"), ("usual_max", "usual to"), ("options", "answers"),
    ("fixed", "fixed to"), ("record", "from the record"), ("help", "help"), ("group", "group"),
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One thing that is new, gone or other."""

    what: str
    before: str = ""
    after: str = ""

    @property
    def kind(self) -> str:
        """new, gone or changed"""
        return "new" if not self.before else "gone" if not self.after else "changed"


@dataclass(frozen=True)
class Section:
    """The changes of one part, with a sentence that sums them up."""

    key: str
    title: str
    sentence: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Difference:
    """Two versions side by side; `before` is None for the first one."""

    before: ModelVersion | None
    after: ModelVersion
    sections: tuple[Section, ...] = ()

    @property
    def sentences(self) -> list[str]:
        """What is other, most important first."""
        return [section.sentence for section in self.sections if section.changes]

    @property
    def unchanged(self) -> list[str]:
        """The parts in which nothing is other."""
        return [section.title.lower() for section in self.sections if not section.changes]


def approved_before(version: ModelVersion) -> ModelVersion | None:
    """The newest version of the same model that had been approved, with a lower number."""
    rows = version.model.versions.filter(number__lt=version.number).exclude(approved_at=None)
    return rows.select_related("model", "created_by", "environment").order_by("-number").first()


def of(version: ModelVersion) -> Difference:
    """The difference between a version and the one approved before it."""
    before = approved_before(version)
    if before is None:
        return Difference(None, version)
    titles = (
        ("overlay", "Form and wording", _overlay), ("scope", "Wards and last day", _scope),
        ("metrics", "Measures of the source run", _metrics), ("files", "Files", _files),
    )  # fmt: skip
    pairs = [("inputs", "Inputs", _as_asked(before, version))]
    pairs += [(key, title, _pair(read(before), read(version))) for key, title, read in titles]
    pairs.append(("environment", "Environment", _as_installed(before, version)))
    if tried := _as_tried(before, version):
        pairs.append(("figures", "Figures on the same rows of this hospital", _pair(*tried)))
    old, new = bundle.covered(before), bundle.covered(version)
    pairs += [
        (*_PARTS.get(part, (part, part.capitalize())), _pair(_flat(old.get(part)), _flat(new.get(part))))
        for part in {**old, **new}
    ]
    found = (Section(key, title, wording.sentence(key, title, changes), changes) for key, title, changes in pairs)
    return Difference(before, version, tuple(found))


def _pair(old: dict[str, str], new: dict[str, str]) -> tuple[Change, ...]:
    names = [*new, *(name for name in old if name not in new)]
    changes = (Change(name, old.get(name, ""), new.get(name, "")) for name in names)
    return tuple(change for change in changes if change.before != change.after)


def _as_asked(before: ModelVersion, after: ModelVersion) -> tuple[Change, ...]:
    """The changes of the inputs: the same input under other words is one that changed, and is called by the new ones."""
    old, new = spec.form_of(before).fields, spec.form_of(after).fields
    called = {asked.name: asked.label or asked.name for asked in (*old, *new)}
    changes = _pair({asked.name: _said(asked) for asked in old}, {asked.name: _said(asked) for asked in new})
    return tuple(replace(change, what=called[change.what]) for change in changes)


def _said(asked) -> str:
    said = [(shown, _text(getattr(asked, name))) for name, shown in _ASKED]
    return "; ".join(f"{shown} {text}" for shown, text in said if text)


def _overlay(version: ModelVersion) -> dict[str, str]:
    return _flat({name: part for name, part in version.overlay.items() if name != "inputs"})


def _scope(version: ModelVersion) -> dict[str, str]:
    wards = sorted(version.care_units.values_list("name", flat=True))
    last = f"{version.expires_on:%-d %b %Y}" if version.expires_on else "not set"
    return {"Wards": ", ".join(wards) or "all wards", "Last day": last}


def _metrics(version: ModelVersion) -> dict[str, str]:
    return _flat(version.run.get("metrics") or {}) | _flat(version.run.get("params") or {}, "setting")


def _as_tried(before: ModelVersion, after: ModelVersion) -> tuple[dict[str, str], dict[str, str]] | None:
    """What the portal worked out of both on the newest rows on which both were tried; None where there are none."""
    told: dict[int, dict[int, Evaluation]] = {}
    rows = Evaluation.objects.filter(version__in=(before, after), outcome="told").order_by("-rows_of", "-id")
    for one in rows:
        told.setdefault(one.rows_of_id, {}).setdefault(one.version_id, one)
    both = next((found for found in told.values() if len(found) == 2), None)
    return both and (figures.lines(both[before.pk].answer), figures.lines(both[after.pk].answer))


def _as_installed(before: ModelVersion, after: ModelVersion) -> tuple[Change, ...]:
    """Every package that both run with; what the models name, while the software of either is not put together."""
    locked = all(version.environment and version.environment.lock for version in (before, after))
    return _pair(_environment(before, locked), _environment(after, locked))


def _environment(version: ModelVersion, locked: bool) -> dict[str, str]:
    facts = version.facts
    found = {"Saved with Python": str(facts.get("python", "")), "Runs with": version.engine}
    found["Flavours"] = ", ".join(facts.get("flavors") or ())
    # Behind the version a lock has hashes, which say nothing to people.
    lines = [line.split()[0] for line in version.environment.lock] if locked else facts.get("requirements") or ()
    for line in lines:
        name, same, number = line.partition("==")
        found[name.strip()] = number.strip() if same else line
    return found


def _files(version: ModelVersion) -> dict[str, str]:
    # Versions that came before their digests were written down are read once more.
    return version.facts.get("files") or dict(_digests(version.digest))


@lru_cache(maxsize=64)
def _digests(digest: str) -> tuple[tuple[str, str], ...]:
    return tuple(artifacts.digests_of(digest))


def _flat(value, name: str = "") -> dict[str, str]:
    """A JSON value as lines, each with the names on the way to it."""
    if isinstance(value, dict):
        return {key: text for part in value for key, text in _flat(value[part], _on(name, part)).items()}
    if isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
        return {key: text for at, part in enumerate(value, 1) for key, text in _flat(part, _on(name, at)).items()}
    return {name or "value": _text(value)} if _text(value) else {}


def _on(name: str, part) -> str:
    return f"{name} › {part}" if name else str(part)


def _text(value) -> str:
    if value is None or value == "" or value == () or value == []:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(_text(getattr(part, "label", part)) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(part)}" for name, part in sorted(value.items()))
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
