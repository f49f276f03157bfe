"""Verbs on the files of a version, its software and its first load, and on models that are on their way in."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from portal.access.action import action, event
from portal.access.actors import SYSTEM
from portal.access.permissions import Permission
from portal.compute import actions as compute
from portal.compute.reasons import sentence
from portal.core.problems import BadInput, Conflict, Unavailable
from portal.datasets import store
from portal.registry import artifacts, naming
from portal.registry.intake import building, trying, words
from portal.registry.models import Arrival, ModelEnvironment, ModelVersion, Trial
from portal.registry.states import WAITING, ArrivalState, EnvironmentState, TrialState, VersionState
from portal.studies.models import Study

# What MLflow itself calls a model by: a run's, a registered version or alias, or a logged model.
ADDRESS = re.compile(
    r"runs:/[0-9a-f]{32}/[\w./-]{1,200}|models:/m-[0-9a-f]{32}|models:/[\w .-]{1,120}(/\d{1,6}|@[\w-]{1,60})"
)
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class FilesView:
    """The files of a version as its page shows them."""

    version: ModelVersion
    environment: ModelEnvironment | None
    log: str
    trial: Trial | None
    trying: bool
    files: list[tuple[str, int]]

    @property
    def building(self) -> bool:
        """Whether its software is still on its way."""
        return self.environment is not None and bool(self.environment.build) and self.environment.state in (
            EnvironmentState.WAITING, EnvironmentState.BUILDING,
        )  # fmt: skip

    @property
    def waits(self) -> bool:
        """Whether something is going on that the page should follow."""
        return self.building or self.trying

    @property
    def scan(self) -> dict:
        """What the scanner found, and with which version."""
        return self.version.facts.get("scan") or {}

    @property
    def flags(self) -> list[str]:
        """A sentence for each thing about the files that a reviewer should know."""
        return [words.FLAGS.get(flag, flag) for flag in self.version.facts.get("flags", ())]

    @property
    def reason(self) -> str:
        """Why it does not load; empty when it does."""
        return sentence(self.trial.reason) if self.trial and self.trial.state == TrialState.FAILED else ""


def _versions():
    return ModelVersion.objects.select_related("model__study", "environment", "created_by")


@action(Permission.MODEL_SEE, verb="model.files-opened", on=ModelVersion, rows=_versions)
def open_files(*, by, on) -> FilesView:
    """The files of a version, what was found in them, its software and its first load."""
    return _view(on)


@action(Permission.MODEL_SEE, verb="model.files-followed", on=ModelVersion, rows=_versions)
def follow_files(*, by, on) -> FilesView:
    """The same while something is going on; recorded once, when it has ended."""
    view = _view(on)
    if view.waits:
        event().skip()
    return view


@action(Permission.MODEL_SUBMIT, verb="model.try-asked", on=ModelVersion, rows=_versions)
def ask(*, by, on) -> None:
    """Have a version's software put together, or when that is there, have it loaded in the sandbox."""
    if on.state not in (VersionState.DRAFT, *WAITING):
        raise Conflict(f"This version is {on.get_state_display()}; there is nothing left to try.")
    if on.environment is None:
        raise Conflict("This version was registered before software was written down; register it again.")
    if on.environment.state == EnvironmentState.READY:
        trying.queue(on, by)
    else:
        building.queue(on.environment, by)


@action(Permission.JOB_WORK, verb="environment.built", on=ModelEnvironment)
def record_build(*, by, on, ended) -> None:
    """Write down a build that somebody waited for."""
    event().skip()
    row = ModelEnvironment.objects.select_for_update().get(pk=on.pk)
    if row.state == EnvironmentState.FAILED:
        building.move(row, EnvironmentState.WAITING)
    if row.state != EnvironmentState.READY:
        building.store(row, ended, "It could not be put together.")


@action(Permission.JOB_WORK, verb="model.tried", on=ModelVersion)
def record_trial(*, by, on, ended) -> Trial:
    """Write down a first load that somebody waited for."""
    event().skip()
    trial = Trial.objects.create(version=on)
    trying.store(trial, ended)
    return trial


def prepare_now(version: ModelVersion) -> Trial:
    """Put a version's software together and load it once while the caller waits, for commands and set-up.

    Raises Conflict when the software cannot be built, Unavailable when nothing answers that could load it.
    """
    environment = version.environment
    if environment.state != EnvironmentState.READY:
        ended = building.perform(building.order_of(environment), seconds=settings.ENVIRONMENT_SECONDS)
        record_build(by=SYSTEM, on=environment, ended=ended)
        environment.refresh_from_db()
    if environment.state != EnvironmentState.READY:
        raise Conflict(f"The software of {version} could not be put together. {environment.fault}")
    ended = trying.load(trying.order_of(version))
    if ended.retry:
        raise Unavailable(f"Nothing answers that could load {version}. It stays a draft; have it tried on its page.")
    return record_trial(by=SYSTEM, on=version, ended=ended)


def _view(on: ModelVersion) -> FilesView:
    last = on.trials.first()
    ended = on.trials.exclude(state=TrialState.WAITING).first()
    log = building.log_now(on.environment) if on.environment else ""
    waits = last is not None and last.state == TrialState.WAITING
    return FilesView(on, on.environment, log, ended, waits, artifacts.listed(on.digest))


@action(Permission.MODEL_REGISTER, verb="model.sent", on=Study)
def send(*, by, on, slug, address="", digest="", upload=None) -> Arrival:
    """Take an address or a received zip as a model on its way in; a worker fetches it. Raises BadInput naming each field."""
    slug, address, digest = slug.strip(), address.strip(), digest.strip().lower()
    errors = _send_errors(slug, address, digest, upload, on)
    if errors:
        raise BadInput(errors)
    arrival = Arrival(study=on, slug=slug, address=address, expected=digest, sent_by=by)
    if upload is not None:
        arrival.stored, arrival.size, arrival.file_key = upload.stored, upload.size, store.words_of(upload.key)
        # Only what is in the database for good keeps its file: an upload that comes to nothing leaves none.
        transaction.on_commit(lambda: _keep(upload))
    arrival.save(force_insert=True)
    event().about(arrival)
    event().note(model=slug, bytes=arrival.size, address=address)
    compute.enqueue(by=by, kind="model-arrival", subject=arrival.public_id, purpose="research")
    return arrival


def _arrivals():
    return Arrival.objects.select_related("study", "version", "sent_by")


@action(Permission.MODEL_REGISTER, verb="model.arrival-opened", on=Arrival, rows=_arrivals)
def open_arrival(*, by, on) -> Arrival:
    """A model that one has sent."""
    return on


@action(Permission.MODEL_REGISTER, verb="model.arrival-followed", on=Arrival, rows=_arrivals)
def follow_arrival(*, by, on) -> Arrival:
    """The same while it is on its way; recorded once, when it has arrived."""
    if on.state == ArrivalState.WAITING:
        event().skip()
    return on


def _send_errors(slug: str, address: str, digest: str, upload, study: Study) -> dict[str, str]:
    errors = {}
    try:
        naming.check(slug)
        naming.find(slug, study)
    except BadInput as problem:
        errors |= problem.errors
    if bool(address) == (upload is not None):
        errors["address"] = "Address or zip: give one of the two."
    elif address and (not ADDRESS.fullmatch(address) or {"", ".", ".."} & set(address.split("/")[1:])):
        errors["address"] = (
            "Address: write it as MLflow does: runs:/RUN/PATH, models:/NAME/VERSION, models:/NAME@ALIAS or models:/m-ID."
        )
    if digest and not _DIGEST.fullmatch(digest):
        errors["digest"] = "Digest: 64 digits and letters from a to f, or nothing."
    return errors


def _keep(upload) -> None:
    store.keep(upload.stored)
    upload.taken = True
