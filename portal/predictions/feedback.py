"""What clinicians think of results: agree, disagree, not applicable; never in the way of care."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core import clock
from portal.core.problems import BadInput, Conflict
from portal.predictions import queries
from portal.predictions.models import Feedback, Prediction
from portal.predictions.states import FEEDBACK_REASONS, Verdict
from portal.records.models import CareUnit
from portal.registry.models import ModelVersion

WORDS_AT_LEAST, WORDS_AT_MOST, SPAN, SMALLEST = 5, 1000, timedelta(days=90), 11


_RECEIPTS = {
    Verdict.AGREE: "You agreed",
    Verdict.DISAGREE: "You disagreed",
    Verdict.NOT_APPLICABLE: "You said that it does not apply",
}


@dataclass(frozen=True)
class Opinion:
    """One person's verdict on a result; `receipt` says it to the person who gave it, and is empty for others."""

    person: str
    verdict: str
    reason: str
    words: str
    at: datetime
    receipt: str = ""


@dataclass(frozen=True)
class OverrideRate:
    """How often results of one version were not followed on one ward; small counts are withheld."""

    model: str
    version: int
    ward: str
    given: int
    share: float | None
    reasons: tuple[str, ...]


@action(Permission.PREDICTION_FEEDBACK, verb="prediction.feedback-given", on=Prediction, rows=queries.related)
def give(*, by, on, verdict, code="", words="") -> None:
    """Say what one thinks of a result; whoever does not agree gives a coded reason. The newest of a person counts."""
    _check(on, verdict, code, words.strip())
    Feedback.objects.create(
        prediction=on, person=by, verdict=verdict, code="" if verdict == Verdict.AGREE else code, words=words.strip()
    )
    event().note(verdict=verdict, code=code, model=on.version.model.slug, version=on.version.number)


def opinions_of(prediction: Prediction, by) -> list[Opinion]:
    """The newest verdict of each person, as `by` is told of it. Call it inside actions."""
    newest: dict[int, Feedback] = {}
    for row in Feedback.objects.filter(prediction=prediction).select_related("person"):
        newest.setdefault(row.person_id, row)
    return [
        Opinion(
            row.person.label, row.get_verdict_display(), _reason(row), row.words, row.given_at,
            _receipt(row) if row.person_id == by.pk else "",
        )
        for row in newest.values()
    ]  # fmt: skip


def _reason(row: Feedback) -> str:
    """The reason in words; nothing where the person's own words are the reason."""
    return "" if row.code == "other" and row.words else FEEDBACK_REASONS.get(row.code, "")


def _receipt(row: Feedback) -> str:
    reason = _reason(row)
    said = [reason[:1].lower() + reason[1:], row.words]
    return ": ".join([_RECEIPTS[Verdict(row.verdict)], *filter(None, said)])


@action(Permission.MODEL_REVIEW, verb="model.overrides-seen")
def override_rates(*, by, on=None) -> list[OverrideRate]:
    """How often results of the last 90 days were not followed, by version and ward."""
    return _counted(Feedback.objects.all())


@action(Permission.MODEL_SEE, verb="model.own-overrides-seen", on=ModelVersion)
def overrides_of(*, by, on) -> list[OverrideRate]:
    """The same for one version, for whoever may see it."""
    return _counted(Feedback.objects.filter(prediction__version=on))


def _counted(given: QuerySet[Feedback]) -> list[OverrideRate]:
    rows = given.filter(given_at__gt=clock.now() - SPAN).exclude(prediction__patient__practice=True)
    rows = rows.order_by("-id")
    newest: dict[tuple, tuple] = {}
    for person, prediction, patient, version, ward, verdict, code in rows.values_list(
        "person", "prediction", Coalesce("prediction__patient__merged_into", "prediction__patient"),
        "prediction__version", "prediction__patient__care_unit", "verdict", "code",
    ):  # fmt: skip
        newest.setdefault((person, prediction), (version, ward, verdict, code, patient or -prediction))
    groups: dict[tuple, list] = {}
    for version, ward, verdict, code, patient in newest.values():
        groups.setdefault((version, ward), []).append((verdict, code, patient))
    event().note(groups=len(groups))
    return _rates(groups)


def _rates(groups: dict[tuple, list]) -> list[OverrideRate]:
    versions = ModelVersion.objects.select_related("model").in_bulk({version for version, _ in groups})
    wards = CareUnit.objects.in_bulk({ward for _, ward in groups if ward})
    found = []
    for (version, ward), given in groups.items():
        row = versions[version]
        # What one or two people think of a few patients is theirs.
        told = len({patient for _, _, patient in given}) >= SMALLEST
        against = [code for verdict, code, _ in given if verdict == Verdict.DISAGREE]
        found.append(
            OverrideRate(
                row.model.title, row.number, wards[ward].name if ward else "no ward", len(given) if told else 0,
                len(against) / len(given) if told else None,
                tuple(FEEDBACK_REASONS[code] for code, _ in Counter(against).most_common(3)) if told else (),
            )
        )  # fmt: skip
    return sorted(found, key=lambda rate: (-(rate.share or 0), rate.model, rate.ward))


def _check(on: Prediction, verdict: str, code: str, words: str) -> None:
    if on.state != "succeeded":
        raise Conflict("There is no result to say something about.")
    errors = {}
    if verdict not in Verdict:
        errors["verdict"] = f"Choose one of: {', '.join(label for _, label in Verdict.choices)}."
    if verdict in (Verdict.DISAGREE, Verdict.NOT_APPLICABLE) and code not in FEEDBACK_REASONS:
        errors["code"] = "Choose the reason why; it is how the model gets better."
    if code == "other" and verdict != Verdict.AGREE and len(words) < WORDS_AT_LEAST:
        errors["words"] = "Write the other reason in a few words."
    if len(words) > WORDS_AT_MOST:
        errors["words"] = f"The words have {len(words)} characters; at most {WORDS_AT_MOST} are kept."
    if errors:
        raise BadInput(errors)
