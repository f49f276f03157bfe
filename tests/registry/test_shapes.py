"""Whatever JSON stands in a model's formulary.json: it is refused with a sentence, or every page of the version opens."""

import copy
import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from portal.core.problems import BadInput
from portal.registry import actions, artifacts, conditions, overlays, schema, spec
from portal.registry.cards import proposals
from portal.registry.evidence import cases
from portal.registry.studio import differences, draft
from tests.compute.test_scorer import DESCRIPTION
from tests.predictions import small
from tests.registry.test_parts import FACTS, WHOLE

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TOLD = {
    "params as a number": ({"params": 3}, "params: must be an object."),
    "an entry as a text": ({"inputs": {"x": "text"}}, "x: must be an object."),
    "options of numbers": ({"inputs": {"x": {"options": [1]}}}, "x: options 1 must be an object."),
    "an answer without words": ({"inputs": {"x": {"options": [{"value": 1}]}}}, "x: options 1 label must be a text."),
    "units as a number": ({"inputs": {"x": {"units": 5}}}, "x: units must be a list."),
    "no such member": ({"inputs": {"x": {"colour": 1}}}, "x: no such member colour. Allowed: asked, day_only,"),
    "scale as a number": ({"output": {"kind": "number", "column": "y", "scale": 5}}, "output: scale must be an object."),
    "bands as a number": ({"output": {"kind": "risk", "column": "y", "bands": 7}}, "output: bands must be a list."),
    "distance as a list": ({"training": {"distance": [1]}}, "training: distance must be an object."),
    "title as a number": ({"title": 5}, "title: must be a text."),
    "summary as a number": ({"summary": 7}, "summary: must be a text."),
    "order as a text": ({"inputs": {"x": {"order": "a"}}}, "x: order must be a number."),
    "no number": ({"base": float("nan")}, "The form holds a number that is none (NaN, Infinity) or too large."),
    "half of a pair": ({"summary": "\ud800"}, "The form holds a text with a character that cannot be kept"),
}  # fmt: skip


def folder_of(path: Path, overlay) -> Path:
    path.mkdir(exist_ok=True)
    (path / "MLmodel").write_text(DESCRIPTION)
    (path / "model.py").write_text("x = 1\n")
    (path / "requirements.txt").write_text("mlflow\n")
    (path / "formulary.json").write_text(overlay if isinstance(overlay, str) else json.dumps(overlay))
    return path


@pytest.mark.parametrize("case", TOLD)
def test_a_member_of_another_type_is_refused_by_its_name_with_what_is_allowed(case, tmp_path, settings):
    overlay, sentence = TOLD[case]
    with pytest.raises(BadInput) as refusal:
        artifacts.take(folder_of(tmp_path / "model", overlay))
    assert list(refusal.value.errors.values())[0][: len(sentence)] == sentence
    assert len(refusal.value.errors) == 1


def test_what_is_no_json_or_nested_without_end_is_refused(tmp_path):
    for text, sentence in (("[" * 100_000, "formulary.json is not valid JSON."), ("[1]", "must be an object")):
        with pytest.raises(BadInput, match=sentence):
            artifacts.take(folder_of(tmp_path / "model", text))


@pytest.mark.parametrize(
    ("name", "text"), [("acceptance.json", '{"cases": [{"name": "\\ud800"}]}'), ("card.json", '{"major": "\\u0000"}')]
)
def test_cases_and_cards_with_characters_that_cannot_be_kept_are_refused(name, text, tmp_path):
    folder = folder_of(tmp_path / "model", {})
    (folder / name).write_text(text)
    with pytest.raises(BadInput, match=f"{name} holds a text with a character that cannot be kept"):
        cases.read(folder, artifacts.inspect(folder))
        proposals.read(folder)


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from([1e300, 1e28, 5e-324, 10**400, "risk", "y", "p", "age", "\0", ""])
)  # fmt: skip
JSON = st.recursive(LEAVES, lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3), max_leaves=6)  # fmt: skip


def _places(value, way=()):
    yield way
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in list(pairs):
        yield from _places(part, (*way, name))


def _put(value, way, part):
    found = copy.deepcopy(value)
    inner = found
    for name in way[:-1]:
        inner = inner[name]
    inner[way[-1]] = part
    return found


def mended(whole: dict):
    """A good overlay with something else in one or two of its places."""
    once = st.sampled_from([way for way in _places(whole) if way])
    members = st.dictionaries(st.sampled_from([*overlays.shapes.OVERLAY]), JSON, max_size=2).map(
        lambda more: whole | more
    )
    entry = st.tuples(st.sampled_from([*overlays.shapes.ENTRY]), JSON).map(lambda pair: _in_entry(whole, *pair))
    return members | entry | st.tuples(once, JSON).map(lambda pair: _put(whole, *pair))


def _in_entry(whole: dict, member: str, value) -> dict:
    first = next(iter(whole["inputs"]))
    return _put(whole, ("inputs", first), whole["inputs"][first] | {member: value})


@limits(max_examples=1500)
@given(mended(WHOLE))
def test_what_is_taken_can_be_read_by_every_reader_of_a_form(overlay):
    try:
        overlays.check_parts(overlay, FACTS)
    except BadInput as refusal:
        assert all(refusal.errors.values())
        return
    form = spec.of(FACTS, overlay)
    schema.json_schema(form, title="x")
    conditions.hidden(form, {"age": 3.0, "dose": None})
    assert all(conditions.sentence(form, field) is not None for field in form.fields)
    differences.between({}, overlay)
    assert draft.values.shown(form, form.fields[0], overlay["inputs"].get("age", {})) is not None
    try:
        overlays.check(overlay, FACTS)
    except BadInput as refusal:
        assert all(refusal.errors.values())


SMALL = {
    "title": "Small", "summary": "A line.", "intended_use": "None.", "cautions": ["Careful."], "synthetic": True,
    "inputs": {"x": {"label": "Dose", "unit": "mg", "units": ["g"], "min": 0, "max": 9, "usual_min": 1, "usual_max": 5, "weight": 0.5,
                     "record": {"kind": "observation", "codes": ["2160-0"], "within_days": 9}, "imputed": {"method": "median", "value": 2.0}}},
    "output": {"kind": "risk", "column": "p", "base_rate": 0.2, "bands": [{"label": "Low", "upto": 0.1}, {"label": "High", "upto": 1}],
               "threshold": 0.1, "interval_note": "95 %"},
    "eligibility": [{"input": "x", "min": 1, "sentence": "for adults."}], "abstain": {"missing_weight": 0.2},
    "outcome": {"kind": "death", "within_days": 30}, "stale_after_days": 14, "not_considered": ["Frailty"],
    "calibration": {"source": "held out", "n": 20, "date": "2026-11-08", "bins": [{"from": 0.0, "upto": 0.1, "n": 20, "observed": 0.05, "predicted": 0.06}]},
    "training": {"source": "invented", "rows": 100, "performance": "good",
                 "distance": {"inputs": ["x"], "mean": [5], "precision": [[0.1]], "percentiles": list(range(99))}},
}  # fmt: skip
# Whoever reads a version, and where.
PAGES = {
    "scientist": ("", "calibration/", "form/", "form/edit/", "review/", "approval/", "evidence/", "evidence/cases/new/", "card/",
                  "card/file/", "card/paper/", "files/", "owner/"),
    "reviewer": ("", "form/edit/", "evaluation/rows/", "wards/"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.django_db
def test_a_version_is_refused_with_a_sentence_or_every_page_of_it_opens(cast, studies, tmp_path, settings):
    taken = artifacts.take(small.write(tmp_path / "model", {"p": (0, 0, 0.5)}, SMALL))
    settings.STATIC_ROOT, numbers = None, itertools.count()
    clients = {name: _browser(cast[name]) for name in PAGES}

    @limits(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(mended(SMALL))
    def look(overlay):
        try:
            overlays.check_parts(overlay, taken.found.plain())
        except BadInput as refusal:
            assert all(refusal.errors.values())
            return
        given_now = artifacts.Taken(replace(taken.found, overlay=overlay), taken.digest)
        version = actions.register(by=cast["scientist"], on=studies["demo"], slug=f"s{next(numbers)}", taken=given_now)
        slug = version.model.slug
        actions.submit(by=cast["scientist"], on=version)
        paths = {name: [f"/lab/versions/{version.public_id}/{page}" for page in pages] for name, pages in PAGES.items()}
        paths["scientist"] += [f"/lab/models/{slug}/card/"]
        paths["reviewer"] += [f"/oversight/approvals/{version.public_id}/"]
        assert {
            path: code
            for name in paths
            for path in paths[name]
            if (code := _opened(clients[name], path)) not in (200, 302)
        } == {}

    look()


def _opened(client: Client, path: str) -> int:
    answer = client.get(path)
    return answer.status_code if not answer.streaming or b"".join(answer) else 0


def _browser(person) -> Client:
    client = Client()
    client.force_login(person, backend=BACKEND)
    return client
