"""A model that is brought in from the browser: taken whole, or refused with what to mend; nothing of it runs on the way."""

import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.compute.models import Job
from portal.compute.runtime import digest
from portal.registry import actions as registry
from portal.registry import artifacts
from portal.registry.intake import actions, sweeping
from portal.registry.models import Arrival, ModelVersion
from tests.compute.test_scorer import DESCRIPTION

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(autouse=True)
def _store(tmp_path, settings):
    settings.DATASETS, settings.DEMO = tmp_path / "datasets", True


def packed(folder: Path, top: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as held:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                held.write(path, top + path.relative_to(folder).as_posix())
    return out.getvalue()


def browser(person) -> Client:
    client = Client()
    client.force_login(person, backend=BACKEND)
    return client


@pytest.fixture
def bring(cast, studies):
    """Send the form of a new model as the scientist; the answer."""

    def run(name="brought", study="demo", **fields):
        content = fields.pop("zip", None)
        sent = {"study": studies[study].public_id, "name": name, **fields}
        if content is not None:
            sent["file"] = SimpleUploadedFile("model.zip", content, "application/zip")
        return browser(cast["scientist"]).post("/lab/models/new/", sent)

    return run


@pytest.mark.embedded
def test_a_zip_becomes_a_draft_that_was_loaded_in_the_sandbox(cast, bring, trained, worked, scorer, settings):
    folder = trained["unplanned-admission"]
    answer = bring(zip=packed(folder, "unplanned/"), digest=digest.tree_digest(folder))
    page = answer.url
    assert "A worker is fetching the model" in browser(cast["scientist"]).get(page).content.decode()
    worked()

    version = ModelVersion.objects.get()
    assert (version.state, version.digest, version.model.slug) == ("draft", digest.tree_digest(folder), "brought")
    assert (version.environment.state, version.trials.get().state) == ("ready", "loaded")
    assert [job.state for job in Job.objects.order_by("pk")] == ["succeeded", "succeeded"]
    assert browser(cast["scientist"]).get(page).url == f"/lab/versions/{version.public_id}/files/"
    assert [path for path in settings.DATASETS.rglob("*") if path.is_file()] == []
    shown = browser(cast["scientist"]).get(f"/lab/versions/{version.public_id}/files/").content.decode()
    assert "It runs with what is installed for all models." in shown
    assert "It was ready " in shown


def test_the_next_zip_of_the_same_name_is_the_next_version(bring, trained, worked, scorer):
    for name in ("unplanned-admission", "coronary-disease"):
        bring(zip=packed(trained[name]))
        worked()
    assert list(ModelVersion.objects.order_by("number").values_list("model__slug", "number")) == [("brought", 1), ("brought", 2)]  # fmt: skip


class Danger:
    """Read as a pickle, it would start a program."""

    def __reduce__(self):
        import os

        return os.system, ("true",)


def model(folder: Path, **files: str | bytes) -> Path:
    """A small model folder with more or other files."""
    plain = {"MLmodel": DESCRIPTION, "model.py": "x = 1\n", "requirements.txt": "mlflow\n"}
    for name, content in {**plain, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


REFUSED = {
    "no MLmodel": ({"MLmodel": None}, "The zip holds no MLmodel file. Save the model with mlflow.<flavor>.save_model and bring that folder."),
    "no signature": ({"MLmodel": "flavors: {python_function: {}}"}, "The model has no signature, so no form can be made from it."),
    "a path outside": ({"MLmodel": "flavors: {x: {data: ../secret}}"}, "The MLmodel file points outside its own folder; such a model is not taken."),
    "another source": ({"requirements.txt": "--index-url https://wheels.example.org\nmlflow"}, "The line “--index-url https://wheels.example.org” in requirements.txt is not a package with its version."),
    "a dangerous pickle": ({"model.pkl": pickle.dumps(Danger())}, "Reading model.pkl would call posix.system, which no model needs; such a file is not taken."),
    "a hidden dangerous pickle": ({"data/weights.bin": pickle.dumps(Danger())}, "Reading data/weights.bin would call posix.system, which no model needs; such a file is not taken."),
    "two models": ({"MLmodel": None, "a/MLmodel": DESCRIPTION, "b/MLmodel": DESCRIPTION}, "The zip holds more than one model folder. Bring one at a time."),
    "a card that nobody knows": ({"card.json": '{"colour": "red"}'}, "A card has nothing called “colour”."),
    "cases that are none": ({"acceptance.json": "[1]"}, "acceptance.json must be a JSON object with a list “cases”, at most 4 MB."),
    "a case that no form takes": ({"acceptance.json": json.dumps({"cases": [{"name": "One", "why": "It is one.", "inputs": {"x": "1"}, "expected": {}}]})}, "One: say for at least one column what the model must give."),
    "an overlay of another shape": ({"formulary.json": '{"params": 3}'}, "params: must be an object."),
    "no overlay that fits": ({"formulary.json": json.dumps({"inputs": {"colour": {}}})}, "formulary.json describes inputs that the signature does not have: colour."),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_taken_is_refused_with_a_sentence_and_leaves_nothing(
    case, cast, bring, worked, tmp_path, settings
):
    files, sentence = REFUSED[case]
    folder = model(tmp_path / "model", **{name: content for name, content in files.items() if content is not None})
    for name in (name for name, content in files.items() if content is None):
        (folder / name).unlink()
    before = sorted(path.name for path in settings.ARTIFACTS.iterdir()) if settings.ARTIFACTS.exists() else []
    page = bring(zip=packed(folder)).url
    worked()

    shown = browser(cast["scientist"]).get(page).content.decode()
    arrival = Arrival.objects.get()
    assert (arrival.state, len(arrival.faults), arrival.faults[0][: len(sentence)]) == ("refused", 1, sentence)
    assert "The model was not taken, and nothing of it was kept." in shown
    assert not ModelVersion.objects.exists()
    assert sorted(path.name for path in settings.ARTIFACTS.iterdir()) == before
    assert [path for path in settings.DATASETS.rglob("*") if path.is_file()] == []


def test_a_name_that_another_study_took_meanwhile_is_refused_before_anything_is_stored(
    bring, cast, studies, worked, trained, tmp_path, settings
):
    folder = model(tmp_path / "model", **{"own.txt": "Of this test alone."})
    bring(zip=packed(folder))
    other = trained["diabetes-progression"]
    registry.register(by=cast["scientist2"], on=studies["other"], slug="brought", folder=other)
    worked()
    assert Arrival.objects.get().faults == ["The name brought belongs to another study; choose another name."]
    assert not (settings.ARTIFACTS / digest.tree_digest(folder)).exists()


def test_the_sweep_takes_what_no_version_points_to_after_a_day_and_nothing_else(
    cast, studies, trained, tmp_path, settings
):
    settings.ARTIFACTS = tmp_path / "store"
    kept = registry.register(by=cast["scientist"], on=studies["demo"], slug="kept", folder=trained["coronary-disease"])
    source = model(tmp_path / "old")
    os.utime(source, (0, 0))
    old, young = artifacts.take(source).digest, artifacts.take(model(tmp_path / "young", **{"more.txt": "x"})).digest
    assert sweeping.sweep(by=SYSTEM) == 0, "what was just brought is young, whatever the age of its source"
    (settings.ARTIFACTS / ".draft-x").mkdir()
    for name in (old, kept.digest, ".draft-x"):
        os.utime(settings.ARTIFACTS / name, (0, 0))

    assert sweeping.sweep(by=SYSTEM) == 2
    assert sorted(path.name for path in settings.ARTIFACTS.iterdir()) == sorted((kept.digest, young))
    os.utime(settings.ARTIFACTS / young, (0, 0))
    assert artifacts.take(tmp_path / "young").digest == young
    assert sweeping.sweep(by=SYSTEM) == 0, "what is brought again counts as new"
    assert [event.verb for event in AuditEvent.objects.filter(verb="model.files-swept")] == ["model.files-swept"]


def test_another_digest_than_was_named_registers_nothing(bring, trained, worked):
    bring(zip=packed(trained["unplanned-admission"]), digest="0" * 64)
    worked()
    assert Arrival.objects.get().faults[0].endswith("Nothing was registered.")
    assert not ModelVersion.objects.exists()


def test_a_huge_zip_is_refused_as_it_arrives_and_a_huge_folder_before_it_is_copied(
    bring, trained, worked, settings, tmp_path
):
    whole = packed(trained["unplanned-admission"])
    settings.MODEL_MAX_BYTES = 1000
    answer = bring(zip=whole)
    assert (answer.status_code, "Zip: is larger than 0 MB." in answer.content.decode()) == (422, True)
    settings.MODEL_MAX_BYTES = len(whole) + 1
    bring(zip=whole)
    worked()
    assert Arrival.objects.get().faults == ["Unpacked, the folder is larger than 0 MB."]
    assert [path for path in settings.DATASETS.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Address or zip: give one of the two."),
        ({"address": "runs:/" + "a" * 32 + "/model", "zip": b"x"}, "Address or zip: give one of the two."),
        ({"address": "file:///etc"}, "Address: write it as MLflow does"),
        ({"address": "s3://bucket/model"}, "Address: write it as MLflow does"),
        ({"address": "models:/../../etc/1"}, "Address: write it as MLflow does"),
        ({"address": "runs:/" + "a" * 32 + "/../../secret"}, "Address: write it as MLflow does"),
        ({"address": "models:/x/1", "digest": "short"}, "Digest: 64 digits and letters from a to f, or nothing."),
        ({"address": "models:/x/1", "name": "Not A Name"}, "A model&#x27;s name has small letters, digits and hyphens"),
        ({"address": "models:/x/1", "name": "new"}, "is the name of a page; choose another name."),
    ],
)
def test_a_form_that_cannot_be_followed_says_why_and_sends_nothing(bring, fields, sentence):
    answer = bring(**fields)
    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert not Arrival.objects.exists()


def test_the_name_of_another_study_and_a_study_of_others_are_refused(cast, studies, bring, trained, approve):
    approve("unplanned-admission", trained["unplanned-admission"])
    with_name = browser(cast["scientist2"]).post(
        "/lab/models/new/", {"study": studies["other"].public_id, "name": "unplanned-admission", "address": "models:/x/1"}
    )  # fmt: skip
    with_study = bring(study="other", address="models:/x/1")

    assert "The name unplanned-admission belongs to another study" in with_name.content.decode()
    assert "Study: choose one that you belong to." in with_study.content.decode()


def test_nobody_else_follows_a_model_on_its_way_in(cast, bring, trained, worked):
    page = bring(zip=packed(trained["unplanned-admission"])).url
    for name in ("scientist2", "reviewer", "admin"):
        assert browser(cast[name]).get(page).status_code == 404
        assert browser(cast[name]).get(page + "status/").status_code == 404


def test_without_a_tracking_server_an_address_says_so(bring, worked, settings):
    settings.TRACKING_URI = ""
    bring(address="models:/m-" + "a" * 32)
    worked()
    assert Arrival.objects.get().faults[0].startswith("No MLflow server is set up here")


@pytest.mark.slow
def test_a_model_that_does_not_load_stays_a_draft_that_says_why_and_nobody_may_sign(
    cast, bring, worked, scorer, tmp_path
):
    from portal.core.problems import Conflict
    from tests import reviewing
    from tests.registry.test_lifecycle import proof

    folder = model(tmp_path / "model", **{"model.py": "raise ValueError('Leakwell')\n"})
    bring(zip=packed(folder))
    worked()
    version = ModelVersion.objects.get()
    shown = browser(cast["scientist"]).get(f"/lab/versions/{version.public_id}/files/").content.decode()

    assert (version.state, version.trials.get().state, version.trials.get().reason) == (
        "draft",
        "failed",
        "load_failed",
    )
    assert "The model could not be loaded." in shown and "Leakwell" not in shown
    registry.submit(by=cast["scientist"], on=version)
    with pytest.raises(Conflict, match="It does not load in the sandbox: The model could not be loaded."):
        reviewing.approve(by=cast["reviewer"], on=version, reason="Read it all.", proof=proof(cast["reviewer"]))


def test_a_folder_with_too_many_files_is_not_copied(cast, studies, tmp_path, settings):
    from portal.core.problems import BadInput

    settings.MODEL_MAX_FILES = 3
    folder = model(tmp_path / "model", **{"more.txt": "x"})
    with pytest.raises(BadInput, match="The folder holds 4 files; at most 3 are taken."):
        registry.register(by=cast["scientist"], on=studies["demo"], slug="many", folder=folder)
    settings.MODEL_MAX_FILES, settings.MODEL_MAX_BYTES = 10, 100
    with pytest.raises(BadInput, match="MB large; at most 0 MB are taken."):
        registry.register(by=cast["scientist"], on=studies["demo"], slug="many", folder=folder)


def test_a_study_that_one_left_meanwhile_takes_nothing(cast, studies, bring, trained, worked):
    from portal.studies.actions import remove_member

    bring(zip=packed(trained["unplanned-admission"]))
    remove_member(by=cast["admin"], on=studies["demo"], person=cast["scientist"])
    worked()
    assert (Arrival.objects.get().state, ModelVersion.objects.exists()) == ("refused", False)


def test_what_was_sent_is_written_down_without_its_content(cast, bring, trained, worked):
    bring(zip=packed(trained["unplanned-admission"]))
    worked()
    told = {
        event.verb: event
        for event in AuditEvent.objects.filter(verb__in=("model.sent", "model.registered", "model.arrived"))
    }
    assert {verb: event.actor for verb, event in told.items()} == {
        "model.sent": "scientist", "model.registered": "scientist", "model.arrived": "system",
    }  # fmt: skip
    assert json.loads(told["model.arrived"].payload)["detail"]["state"] == "taken"
    assert (
        actions.open_arrival(by=cast["scientist"], on=Arrival.objects.get().public_id).version
        == ModelVersion.objects.get()
    )
