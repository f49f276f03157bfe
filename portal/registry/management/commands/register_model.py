"""`manage.py register_model --by USER --study S --name SLUG FOLDER_OR_URI`: bring a model into the formulary."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.access.management.people import person
from portal.compute.runtime import environments, facts
from portal.core.problems import Problem
from portal.experiments.trackers import mlflow
from portal.registry import actions
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
            folder = self._folder(options["source"], scratch)
            self._build_environment(folder)
            version = actions.register(
                by=by, on=study, slug=options["name"], folder=folder, digest=options["digest"],
                run=mlflow.run_of_folder(folder, settings.TRACKING_URI),
            )  # fmt: skip
        if not options["draft"]:
            actions.submit(by=by, on=version)
        return version

    def _build_environment(self, folder: Path) -> None:
        # Here and not in a page: it may take minutes, and only whoever runs commands may install software.
        try:
            wanted = tuple(facts.inspect_model(folder).requirements)
            if not environments.satisfied(wanted):
                self.stderr.write("The model needs other software than is installed; building its own environment.")
                environments.build(wanted, settings.ENVIRONMENTS)
        except facts.ModelRefused:
            return  # the registration says the same in its own words
        except environments.EnvironmentFailed as problem:
            raise CommandError(
                f"The model's environment could not be built: {problem}. Nothing was registered."
            ) from None

    def _folder(self, source: str, scratch: str) -> Path:
        if ":/" not in source:
            if not Path(source).is_dir():
                raise CommandError(f"There is no folder {source}.")
            return Path(source)
        return self._download(source, scratch)

    def _download(self, uri: str, scratch: str) -> Path:
        # mlflow runs as a program of its own: no process of the portal imports it.
        command = [sys.executable, "-m", "mlflow", "artifacts", "download", "-u", uri, "-d", scratch]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
        found = next(Path(scratch).rglob("MLmodel"), None)
        if done.returncode or found is None:
            raise CommandError(f"No model could be downloaded from {uri}. Check the address and MLFLOW_TRACKING_URI.")
        return found.parent
