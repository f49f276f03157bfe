"""Filling the data folder: records through the importer, models through registration and two signatures."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

from django.conf import settings

from portal.access.actors import SYSTEM
from portal.accounts import factors
from portal.accounts.models import User
from portal.compute import actions as compute
from portal.compute import work
from portal.core.problems import Problem
from portal.demo import hospital
from portal.demo.supervise import tied
from portal.experiments.trackers import mlflow
from portal.records import actions as records
from portal.records import imports
from portal.registry import actions as registry
from portal.registry import signing
from portal.registry.cards import attestations
from portal.registry.evidence import proof as evidence
from portal.registry.intake import actions as intake
from portal.registry.models import ModelVersion
from portal.registry.review import checklist
from portal.studies.models import Study

Say = Callable[[str], None]
MODELS = (
    "unplanned-admission", "coronary-disease", "coronary-extent", "diabetes-progression", "breast-cancer-recurrence",
    "irregular-rhythm",
)  # fmt: skip


class SeedFailed(Exception):
    """The demonstration cannot be set up; the text says why."""


def import_records(say: Say, *, fhir: Path | None, as_of: date) -> None:
    """Bring the records in, unless they are there already."""
    if records.size_units(by=SYSTEM):
        return
    source = fhir or _written_hospital(as_of)
    report = imports.import_paths(by=SYSTEM, paths=[source])
    say(f"imported {report.patients} patients, {report.created} resources, {len(report.refused)} refused")
    if report.nothing_read or not report.patients:
        raise SeedFailed(f"No patient could be read from {source}.")


def assign_wards(say: Say, people: dict[str, User]) -> None:
    """The two largest wards get one clinician each."""
    if people["clinician"].care_relationships.exists():
        return
    largest = records.size_units(by=SYSTEM)[:2]
    for (unit, count), name in zip(largest, ("clinician", "clinician2"), strict=False):
        records.assign(by=SYSTEM, on=unit, person=people[name], leads=True)
        say(f"{name} works on {unit.name} ({count} patients)")


def add_models(say: Say, *, tracking_uri: str, people: dict[str, User], study: Study) -> None:
    """Train, register, submit and approve the models, unless they are there."""
    if models_there(study):
        _let_read_again(study, people)
        return
    folders = _train(say, tracking_uri)
    versions = {
        slug: _register(slug, folder, people["scientist"], study, tracking_uri) for slug, folder in folders.items()
    }
    # Only now: a proof serves for some minutes, and running the cases of six models may take them.
    proofs = {name: _proof(people[name], settings.DATA) for name in ("reviewer", "reviewer2")}
    for slug, version in versions.items():
        # A start that was cut short left some signatures behind: only the missing ones are given.
        signed = set(version.signatures.values_list("signer__username", flat=True))
        for name, proof in ((name, proof) for name, proof in proofs.items() if name not in signed):
            reason = "Demonstration: evidence read, limits understood, form tried."
            checklist.answer(by=people[name], on=version, answers=dict.fromkeys(checklist.POINTS, ("yes", "")))
            version.refresh_from_db()
            seen = signing.payload_sha256(version)
            registry.approve(by=people[name], on=version, reason=reason, proof=proof, seen=seen)
        _let_read(version, people)
        say(f"{slug}: registered by scientist, signed by reviewer and reviewer2, its card read by both clinicians")


def _let_read(version: ModelVersion, people: dict[str, User]) -> None:
    version.refresh_from_db()
    for name in ("clinician", "clinician2"):
        attestations.attest(by=people[name], on=version, read=True)


def _let_read_again(study: Study, people: dict[str, User]) -> None:
    for version in ModelVersion.objects.filter(model__study=study, state="approved"):
        # What may not run any more needs no reading either.
        with suppress(Problem):
            _let_read(version, people)


def write_samples(say: Say, *, people: dict[str, User], fhir: Path | None) -> None:
    """ECG files to try the rhythm model with, of the invented hospital's first patient on each ward; the files lie in clear."""
    folder = settings.DATA / "samples"
    if fhir or folder.exists():
        return
    orders = [
        _sample(f"ecg-of-{whose}.dcm", patients[0], seed)
        for seed, (whose, name) in enumerate((("my-patient", "clinician"), ("somebody-else", "clinician2")), 1)
        if (patients := records.list_patients(by=people[name]))
    ]
    orders += [{**orders[0], "file": "ecg-irregular.dcm", "irregular": True, "seed": 4}] if orders else []
    orders += [{**orders[0], "file": "ecg-names-nobody.dcm", "name": "", "number": "", "born": ""}] if orders else []
    command = [sys.executable, "-m", "portal.demo.training.cart", str(folder)]
    subprocess.run(command, input=json.dumps(orders), text=True, cwd=settings.ROOT, check=True, capture_output=True)
    first = records.list_patients(by=people["clinician"])[:1]
    say(f"ECG files to try: {folder} (of {first[0].name if first else 'nobody'}, a patient of clinician)")


def _sample(file: str, patient, seed: int) -> dict:
    # The invented hospital has no titles and puts the family name last.
    given, _, family = patient.name.rpartition(" ")
    at = f"{settings.AS_OF or date.today():%Y-%m-%d}T07:40:00"
    return {"file": file, "name": f"{family}^{given}", "number": patient.mrn, "born": patient.birth_date, "at": at,
            "irregular": False, "seed": seed}  # fmt: skip


def models_there(study: Study) -> bool:
    """Whether the study's models went through approval at an earlier start."""
    approved = ModelVersion.objects.filter(model__study=study).exclude(approved_at=None).select_related("model")
    return len({version.model_id for version in approved if _covered(version)}) >= len(MODELS)


def _covered(version: ModelVersion) -> bool:
    """Whether its signatures cover it: those of an older portal did not cover all that is signed now."""
    return signing.enough(signing.approvals(version))


def _written_hospital(as_of: date) -> Path:
    folder = settings.DATA / "hospital"
    hospital.write_hospital(folder, as_of=as_of)
    return folder


def _train(say: Say, tracking_uri: str) -> dict[str, Path]:
    out = settings.DATA / "training"
    command = [sys.executable, "-m", "portal.demo.training", "--tracking-uri", tracking_uri, "--out", str(out)]
    environment = os.environ | {"MLFLOW_TRACKING_URI": tracking_uri}
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=settings.ROOT, env=environment,
        preexec_fn=tied,
    ) as process:  # fmt: skip
        try:
            lines = [line.rstrip() for line in process.stderr if _said(say, line)]
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise SeedFailed("Training the models failed: " + (lines[-1] if lines else "no reason given"))
    found = json.loads((out / "models.json").read_text())
    return {slug: out / place["folder"] for slug, place in found.items()}


def _prove(slug: str, version: ModelVersion) -> None:
    """Run the acceptance cases that the submission put in the queue; no worker is there yet to do it."""
    until = time.monotonic() + 4 * settings.JOB_LEASE_SECONDS
    while (missing := evidence.missing(version)) and evidence.is_running(version) and time.monotonic() < until:
        for run in version.acceptance_runs.filter(job__ended_at=None):
            work.run(run.job.public_id)
        # A start that was cut short may have left one that nobody works on.
        compute.reconcile(by=SYSTEM)
        time.sleep(0.1)
    if missing:
        raise SeedFailed(f"{slug}: {' '.join(missing)}")


def _said(say: Say, line: str) -> bool:
    say(line.rstrip())
    return True


def _proof(person: User, data: Path) -> factors.Proof:
    secret = (data / "keys" / "demo_password").read_text().strip()
    # A code that is shown in the last seconds of its half minute may be over before it is checked.
    left = 30 - time.time() % 30
    if left < 6:
        time.sleep(left)
    return factors.prove(person, password=secret, code=factors.current_code(person))


def _register(slug: str, folder: Path, scientist: User, study: Study, tracking_uri: str) -> ModelVersion:
    version = ModelVersion.objects.filter(model__slug=slug).order_by("-number").first()
    try:
        if version is None or version.state == "refused" or (version.approved_at and not _covered(version)):
            run = mlflow.run_of_folder(folder, tracking_uri)
            version = registry.register(by=scientist, on=study, slug=slug, folder=folder, run=run)
        if not version.trials.exists():
            intake.prepare_now(version)
        if version.state == "draft":
            registry.submit(by=scientist, on=version)
        _prove(slug, version)
    except Problem as problem:
        raise SeedFailed(f"{slug}: {problem.sentence}") from None
    return version
