"""Verbs on models and versions: register, submit, take back, stop, retire; deciding is `review.deciding`."""

from datetime import date, timedelta
from pathlib import Path

from django.db.models import Max

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core import clock
from portal.core.problems import BadInput, Conflict
from portal.registry import artifacts, moving, naming, signing
from portal.registry.cards import proposals
from portal.registry.evidence import actions as evidence
from portal.registry.evidence import asking
from portal.registry.intake import building
from portal.registry.models import ModelVersion, RegisteredModel
from portal.registry.review import conflicts, discussion, seats
from portal.registry.review.deciding import approve, refuse, resume, withdraw
from portal.registry.states import VersionState
from portal.registry.studio import revisions
from portal.studies.models import Study

__all__ = ["approve", "refuse", "resume", "withdraw"]
YEAR, CHANGES_LIMIT = timedelta(days=365), 2000
# So many days ahead may the last one lie at most.
LONGEST = 3 * YEAR


@action(Permission.MODEL_REGISTER, verb="model.registered", on=Study)
def register(*, by, on, slug, folder=None, digest=None, run=None, taken=None) -> ModelVersion:
    """Bring a model folder in as the next version of `slug`, or one that was `taken` into the store before.

    Raises BadInput saying what to mend. Nothing of it is loaded here.
    """
    naming.check(slug)
    naming.find(slug, on)
    taken = taken or artifacts.take(Path(folder), expected=digest)
    found = taken.found
    model = _model(slug, on, by, found.overlay or {})
    version = ModelVersion.objects.create(
        model=model, number=_next(model), digest=taken.digest, engine=found.engine, facts=found.plain(),
        overlay=found.overlay or {}, run=run or {}, environment=building.wanted(found), created_by=by,
    )  # fmt: skip
    revisions.first(version)
    evidence.bring(version, taken.cases, by=by)
    proposals.take(version, taken.card, by)
    event().about(version)
    event().note(model=slug, number=version.number, digest=taken.digest, cases=len(taken.cases))
    return version


@action(Permission.MODEL_SUBMIT, verb="model.submitted", on=ModelVersion)
def submit(*, by, on, expires_on=None, care_units=(), changes="") -> None:
    """Propose a version for approval, with the wards it is for (none: all), the last day, and what is new in it."""
    if len(changes) > CHANGES_LIMIT:
        raise BadInput({"changes": f"Say in at most {CHANGES_LIMIT} characters what is new."})
    last = expires_on or clock.today() + YEAR
    if last <= clock.today():
        raise BadInput({"expires_on": f"The last day must lie ahead; {last:%-d %b %Y} does not."})
    if last > clock.today() + LONGEST:
        raise BadInput(
            {"expires_on": "The last day must lie within three years; after that a version is looked at anew."}
        )
    version = moving.locked(on)
    moving.check(version, VersionState.SUBMITTED)
    # Back from review leads only whoever withdraws a signature; what was signed is not proposed anew under it.
    if version.state != VersionState.DRAFT:
        raise Conflict(f"{version} is {version.get_state_display()}; only a draft is proposed.")
    version.state = VersionState.SUBMITTED
    version.submitted_at, version.expires_on, version.changes = clock.now(), last, changes.strip()
    version.save(update_fields=("state", "submitted_at", "expires_on", "changes"))
    version.care_units.set(care_units)
    asking.begin(version, "submission", by=by)
    event().note(number=version.number, expires_on=last.isoformat(), wards=len(care_units))


@action(Permission.MODEL_STOP, verb="model.stopped", on=ModelVersion)
def stop(*, by, on, reason) -> None:
    """Stop a version at once: nothing new runs, what waits is refused, past results keep a banner."""
    version = moving.locked(on)
    moving.check_reason(reason)
    moving.move(version, VersionState.SUSPENDED)
    version.stopped_at, version.stop_reason = clock.now(), reason.strip()
    version.stopped_by = by if by.pk else None
    version.save()
    event().note(number=version.number)


@action(Permission.MODEL_SUBMIT, verb="model.taken-back", on=ModelVersion)
def take_back(*, by, on, reason) -> None:
    """Make a draft again of what was proposed and nobody has signed; the reason stands in its discussion.

    The checklists begin anew: what comes again may be another form.
    """
    version = moving.locked(on)
    moving.check_reason(reason)
    if signing.not_withdrawn(version):
        raise Conflict("A reviewer has signed for this version: it is not taken back any more.", code="signed")
    moving.move(version, VersionState.DRAFT)
    version.submitted_at, version.expires_on = None, None
    version.save(update_fields=("state", "submitted_at", "expires_on"))
    version.review_answers.all().delete()
    discussion.keep(version, by, f"Taken back: {reason.strip()}", told=(version.created_by, version.model.owner))
    event().note(number=version.number)


@action(Permission.MODEL_OWN, verb="model.retired", on=ModelVersion)
def retire(*, by, on, reason) -> None:
    """End an approved or stopped version for good; its results stay readable and say so."""
    version = moving.locked(on)
    if not may_retire(by, version):
        raise Conflict("Its owner, or a reviewer with a seat on the committee, retires a version.", code="no-seat")
    moving.check_reason(reason)
    moving.move(version, VersionState.RETIRED)
    # When and why it was stopped stays: a recall of that stop goes on.
    version.retired_at, version.retired_by, version.retire_reason = clock.now(), by, reason.strip()
    version.save(update_fields=("state", "retired_at", "retired_by", "retire_reason"))
    event().note(number=version.number)


def may_retire(by, version: ModelVersion) -> bool:
    """Whether this person can end a version as it stands: who answers for it, or sits on the committee without an interest."""
    if version.state not in (VersionState.APPROVED, VersionState.SUSPENDED):
        return False
    return version.model.owner_id == by.pk or bool(seats.held_by(by) and not conflicts.concerns(version, [by]))


def _versions():
    related = ("model__study", "model__owner", "created_by", "stopped_by", "environment")
    return ModelVersion.objects.select_related(*related).prefetch_related("care_units")


@action(Permission.MODEL_SEE, verb="model.opened", on=ModelVersion, rows=_versions)
def open_version(*, by, on) -> ModelVersion:
    """One version of a model."""
    return on


def _model(slug: str, study: Study, by, overlay: dict) -> RegisteredModel:
    """The model of that name, new or not, held until the transaction ends: its versions are numbered one after the other."""
    title = overlay.get("title", "").strip() or slug.replace("-", " ").capitalize()
    values = {
        "title": title[:160],
        "summary": overlay.get("summary", ""),
        "study": study,
        "created_by": by,
        "owner": by,
    }
    RegisteredModel.objects.get_or_create(slug=slug, defaults=values)
    model = RegisteredModel.objects.select_for_update(of=("self",)).select_related("study").get(slug=slug)
    # Another study may have taken the name while the files were read.
    naming.check_study(model, study)
    return model


def _next(model: RegisteredModel) -> int:
    return (model.versions.aggregate(last=Max("number"))["last"] or 0) + 1


def default_last_day() -> date:
    """The last day that is proposed when nobody names one."""
    return clock.today() + YEAR
