"""`manage.py register_model --by USER --study S --name SLUG FOLDER_OR_URI`: bring a model into the formulary."""

import json
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.access.management.people import person
from portal.compute.reasons import sentence
from portal.core.problems import Problem
from portal.experiments.trackers import mlflow
from portal.registry import actions
from portal.registry.intake import actions as intake
from portal.registry.intake import fetching
from portal.registry.states import EnvironmentState, TrialState
from portal.studies.models import Study


class Command(BaseCommand):
    help = "Register an MLflow model folder, or a runs:/ or models:/ address, and submit it for approval."

    def add_arguments(self, parser):
        parser.add_argument("--by", required=True)
        parser.add_argument("--study", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--digest")
        parser.add_argument("--draft", action="store_true", help="leave it a draft of the study")
        parser.add_argument("--json", action="store_true")
        parser.add_argument("source", metavar="FOLDER_OR_URI")

    def handle(self, *args, **options):
        try:
            version = self._register(options)
        except Problem as problem:
            raise CommandError(problem.sentence) from None
        if options["json"]:
            facts = {"model": version.model.slug, "version": version.number, "digest": version.digest}
            self.stdout.write(json.dumps(facts | {"id": version.public_id, "state": version.state}))
        else:
            self.stdout.write(f"{version} is registered ({version.get_state_display()}), digest {version.digest}.")

    def _register(self, options):
        by = person(options["by"])
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study “{options['study']}”.")
        with tempfile.TemporaryDirectory() as scratch:
            folder = self._folder(options["source"], Path(scratch))
            version = actions.register(
                by=by, on=study, slug=options["name"], folder=folder, digest=options["digest"],
                run=mlflow.run_of_folder(folder, settings.TRACKING_URI),
            )  # fmt: skip
        self._try(version)
        if not options["draft"]:
            actions.submit(by=by, on=version)
            version.refresh_from_db()
        return version

    def _try(self, version) -> None:
        if version.environment.state != EnvironmentState.READY:
            self.stderr.write("The model needs other software than is installed; building its own environment.")
        trial = intake.prepare_now(version)
        if trial.state != TrialState.LOADED:
            raise CommandError(f"{version} does not load in the sandbox and stays a draft. {sentence(trial.reason)}")

    def _folder(self, source: str, scratch: Path) -> Path:
        if ":/" in source:
            return fetching.download(source, scratch)
        if not Path(source).is_dir():
            raise CommandError(f"There is no folder {source}.")
        return Path(source)
