"""One more model, brought from outside by the command: no code of ours knows it."""

import io
import json
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from portal.accounts.factors import Proof
from portal.core import clock
from portal.predictions import actions as predictions
from portal.registry.models import ModelVersion
from tests import model_cards, reviewing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SAVE = """
import sys, numpy, pandas, mlflow.sklearn
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression
x = pandas.DataFrame({"dose": [1.0, 2.0, 3.0, 4.0], "weight": [60.0, 70.0, 80.0, 90.0]})
model = LinearRegression().fit(x, [2.0, 4.0, 6.0, 8.0])
signature = infer_signature(x, model.predict(x)) if sys.argv[2] == "signed" else None
mlflow.sklearn.save_model(model, sys.argv[1], signature=signature, pip_requirements=["scikit-learn", "pandas", "numpy"])
"""


@pytest.fixture
def saved(tmp_path):
    def run(word: str):
        folder = tmp_path / word
        subprocess.run([sys.executable, "-c", SAVE, str(folder), word], check=True, capture_output=True, cwd=tmp_path)
        return folder

    return run


def register(folder, **options) -> str:
    out = io.StringIO()
    call_command(
        "register_model", str(folder), by="scientist", study="demo", name="dose-response", stdout=out, **options
    )
    return out.getvalue()


def test_a_model_without_overlay_is_registered_approved_and_answers(cast, studies, saved, patient, worked, prove):
    said = json.loads(register(saved("signed"), json=True))
    version = ModelVersion.objects.get(public_id=said["id"])
    assert (said["model"], said["version"], said["state"], said["digest"]) == (
        "dose-response",
        1,
        "submitted",
        version.digest,
    )
    model_cards.fill(cast["scientist"], version)
    prove(version)
    for name in ("reviewer", "reviewer2"):
        proof = Proof(cast[name].pk, clock.now())
        reviewing.approve(by=cast[name], on=version, reason="A line is a line.", proof=proof)
    version.refresh_from_db()
    model_cards.read(version, cast["clinician"])

    prediction = predictions.request(
        by=cast["clinician"], on=patient, version=version, inputs={"dose": "2.5", "weight": "75"}
    ).prediction
    worked()

    found = predictions.open_prediction(by=cast["clinician"], on=prediction)
    assert (found.state, round(found.output["prediction"], 6)) == ("succeeded", 5.0)
    assert found.sentence == "The model answers: prediction 5."


def test_a_model_without_signature_is_refused_with_what_to_do(cast, studies, saved):
    with pytest.raises(CommandError, match="infer_signature"):
        register(saved("unsigned"))
    assert not ModelVersion.objects.exists()


def test_a_wrong_digest_and_an_unknown_study_are_refused(cast, studies, trained):
    with pytest.raises(CommandError, match="Nothing was registered"):
        register(trained["coronary-disease"], digest="f" * 64)
    with pytest.raises(CommandError, match="There is no study"):
        call_command("register_model", str(trained["coronary-disease"]), by="scientist", study="none", name="x")
