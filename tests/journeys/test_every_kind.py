"""Lists, rows, names, moments, files and settings in a real browser: shaped by a scientist, answered by a clinician."""

import base64
import json

import pytest

from portal.core import guard
from portal.predictions.models import Envelope, Prediction
from portal.registry import actions, spec
from portal.registry.models import ModelVersion
from tests.compute import test_scorer as code

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]
INPUTS = [
    {"type": "array", "items": {"type": "double"}, "name": "doses", "required": True},
    {"type": "array", "items": {"type": "array", "items": {"type": "long"}}, "name": "grid", "required": True},
    {"type": "map", "values": {"type": "double"}, "name": "named", "required": True},
    {"type": "datetime", "name": "at", "required": True},
    {"type": "binary", "name": "scan", "required": True},
    {"type": "string", "name": "before", "required": True},
    {"type": "double", "name": "late", "required": False},
]
PARAMS = [{"name": "t", "type": "double", "default": 0.5, "shape": None}]
# What the model was given, counted: each kind has places of its own in the one number.
BODY = """row = model_input.iloc[0]
late = 0 if pandas.isna(row["late"]) else row["late"]
seen = len(row["doses"]) + 10 * len(row["grid"]) + 100 * len(row["named"]) + 1000 * len(row["scan"])
return pandas.DataFrame({"told": [seen + 10_000 * row["at"].hour + 1_000_000 * params["t"] + late / 10]})"""
OVERLAY = {
    "title": "Every kind of question",
    "inputs": {
        "doses": {"label": "Doses of today", "unit": "mg", "min": 0}, "grid": {"label": "Counts by field"},
        "named": {"label": "Other values"}, "at": {"label": "Begun at", "zone": "UTC"}, "scan": {"label": "File of the device"},
        "before": {"label": "Had it before", "options": [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}]},
        "late": {"label": "Days since", "required": False},
    },
    "params": {"t": {"asked": True}},
    "output": {"kind": "number", "column": "told", "label": "What reached the model"},
}  # fmt: skip
CASE = {
    "name": "One of each", "why": "Each kind is counted.",
    "inputs": {"doses": [1, 2], "grid": [[1, 2], [3, 4]], "named": {"a": 1}, "at": "2026-11-08T14:02", "before": "yes", "late": "5",
               "scan": base64.b64encode(b"abc").decode(), "settings.t": "0.5"},
    "expected": {"told": {"value": 2 + 20 + 100 + 3000 + 130_000 + 500_000 + 0.5, "absolute": 1e-6}},
}  # fmt: skip
SIZES = ((1280, 800), (390, 844))


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO, settings.TIME_ZONE = True, "Europe/Berlin"


def written(folder, inputs, body: str, overlay: dict, case: dict, params=()) -> str:
    """A model from code with this signature, form and acceptance case."""
    code.write(folder, body)
    text = code.DESCRIPTION.split("signature:")[0] + f"signature:\n  inputs: '{json.dumps(inputs)}'\n"
    text += f"  params: '{json.dumps(list(params))}'\n" if params else ""
    (folder / "MLmodel").write_text(text + """  outputs: '[{"type": "double", "name": "told"}]'\n""")
    (folder / "formulary.json").write_text(json.dumps(overlay))
    (folder / "acceptance.json").write_text(json.dumps({"cases": [case]}))
    return folder


@pytest.fixture
def drafted(cast, studies, tmp_path) -> ModelVersion:
    folder = written(tmp_path / "model", INPUTS, BODY, OVERLAY, CASE, PARAMS)
    return actions.register(by=cast["scientist"], on=studies["demo"], slug="every-kind", folder=folder)


def shape(page, address: str, accessible, look) -> None:
    """The scientist words and bounds the setting, and lets one question hang on another."""
    page.goto(address)
    page.click("[id='p-settings.t'] > summary")
    assert page.is_checked("[id='s-settings.t.asked']")
    page.fill("[id='s-settings.t.label']", "Threshold")
    page.fill("[id='s-settings.t.min']", "0")
    page.fill("[id='s-settings.t.max']", "1")
    page.click("#p-late > summary")
    page.select_option("[id='s-late.when.input']", "before")
    page.select_option("[id='s-late.when.test']", "is")
    page.fill("[id='s-late.when.value']", "Yes")
    page.wait_for_selector("#form-preview label:has-text('Threshold')")
    accessible(page)
    look(page, "kinds-studio", SIZES)
    page.fill("#why", "Wards set the threshold themselves.")
    page.click("button:has-text('Save the form')")
    page.wait_for_selector("text=Saved as form 2.")


def fill(page) -> None:
    page.fill("#f-doses", "1\n2.5\n3")
    page.fill("#f-grid", "1; 2\n3; 4\n5; 6")
    page.fill("#f-named", "pulse: 72\nweight: 80.5")
    page.set_input_files(
        "#f-scan", {"name": "a.bin", "mimeType": "application/octet-stream", "buffer": b"\x00\x01\x02\xff"}
    )


def test_every_kind_of_question_is_shaped_asked_and_reaches_the_model(
    visit, accessible, look, drafted, carry_through, patient, working, live_server
):
    page = visit("scientist")
    shape(page, f"{live_server.url}/lab/versions/{drafted.public_id}/form/edit/", accessible, look)
    version = carry_through(ModelVersion.objects.get(pk=drafted.pk))
    assert spec.form_of(version)["late"].when.input == "before"

    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/patients/{patient}/models/every-kind/")
    assert page.input_value("[id='f-settings.t']") == "0.5"
    assert not page.is_visible("#f-late")
    accessible(page)
    look(page, "kinds-form", SIZES)
    page.check("#f-before input[value=yes]")
    page.wait_for_selector("#f-late:visible")
    page.fill("#f-late", "7")
    page.fill("[id='f-settings.t']", "2")
    fill(page)
    page.fill("#f-at", "2026-10-25T02:30")
    page.click("button[data-once]")
    page.wait_for_selector("#errors:focus")
    said = page.inner_text("#errors")
    assert "Begun at: at that time the clocks were put back" in said and "Threshold: 2 is not possible" in said
    accessible(page)
    look(page, "kinds-refused", SIZES)

    page.click("button:has-text('Take the second (CET)')")
    assert page.input_value("#f-at") == "2026-10-25T02:30+01:00"
    assert "to correct: threshold" in page.inner_text("#tally") and page.inner_text("#f-at-soft").strip() == ""
    assert page.get_attribute("#f-at", "aria-invalid") is None
    page.fill("[id='f-settings.t']", "0.25")
    assert page.input_value("#f-grid") == "1; 2\n3; 4\n5; 6"
    fill(page)
    look(page, "kinds-filled", SIZES)
    page.click("button[data-once]")
    page.wait_for_selector(".headline:has-text('264234')", timeout=20_000)
    accessible(page)
    look(page, "kinds-result", SIZES)

    with guard.unlocked():
        values, reading = Prediction.objects.get().inputs["values"], Envelope.objects.get().content["reading"]
    assert (values["grid"], values["named"]) == ([[1, 2], [3, 4], [5, 6]], {"pulse": 72.0, "weight": 80.5})
    assert (values["at"], values["late"], values["settings.t"]) == ("2026-10-25T01:30:00", 7.0, 0.25)
    assert reading["value"] == pytest.approx(3 + 30 + 200 + 4000 + 10_000 + 250_000 + 0.7)


def test_the_one_tensor_without_a_name_is_a_list_with_a_line_for_each_value(
    visit, accessible, look, approve, patient, working, live_server, tmp_path
):
    tensor = [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}]
    body = "return pandas.DataFrame({'told': model_input.sum(axis=1)})"
    case = {
        "name": "Three", "why": "They add up.", "inputs": {"values": [1, 2, 3]}, "expected": {"told": {"value": 6, "absolute": 0}}
    }  # fmt: skip
    output = {"kind": "number", "column": "told", "label": "Sum"}
    approve("tensor", written(tmp_path / "tensor", tensor, body, {"title": "A tensor", "output": output}, case))
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/patients/{patient}/models/tensor/")
    accessible(page)
    look(page, "tensor-form", SIZES)
    assert "One value on each line. The model takes exactly 3 values." in page.inner_text("#f-values-notes")
    page.fill("#f-values", "1\n2")
    page.click("button[data-once]")
    page.wait_for_selector("#errors >> text=give 3 values; there are 2.")
    look(page, "tensor-refused", SIZES)
    page.fill("#f-values", "1\n2\n3.5")
    page.click("button[data-once]")
    page.wait_for_selector(".headline:has-text('6.5')", timeout=20_000)
    with guard.unlocked():
        assert Envelope.objects.get().content["reading"]["value"] == 6.5
