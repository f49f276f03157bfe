"""Acceptance cases for models that bring none, and their real run: the scorer must be up."""

from contextlib import nullcontext
from datetime import date
from unittest.mock import patch

from portal.access.actors import SYSTEM
from portal.compute import work
from portal.registry import answers, scoring, spec
from portal.registry.evidence import actions
from portal.registry.intake import actions as intake
from portal.registry.intake import trying
from portal.registry.models import AcceptanceReport, AcceptanceRun

_LOADED: dict = {}


def prove(version, by) -> AcceptanceReport | None:
    """Give a version without cases one that it passes, run what there is, and say what came of it."""
    if not version.trials.exists():
        first_load(version)
    if not version.cases.exists():
        actions.add(by=by, on=version, case=plain_case(version))
    run = AcceptanceRun.objects.get(public_id=actions.run(by=by, on=version))
    # A heartbeat of another connection would not see a job that a test's transaction holds.
    with patch.object(work, "_heartbeat", lambda lease: nullcontext()):
        work.run(run.job.public_id)
    return AcceptanceReport.objects.filter(run=run).first()


def first_load(version):
    """Load a version in the sandbox as the portal does before anybody may sign; each set of files once for all tests."""
    key = version.digest, version.environment.digest
    if key not in _LOADED:
        _LOADED[key] = trying.load(trying.order_of(version))
    return intake.record_trial(by=SYSTEM, on=version, ended=_LOADED[key])


def plain_case(version, **changed) -> dict:
    """A case of a version with an invented answer to each question, and what the model gives to them."""
    form = spec.form_of(version)
    inputs = {field.name: _invented(field) for field in form.fields if field.asked} | changed
    found = answers.check(form, inputs)
    assert found.errors == {}
    values, asked = {name: answer.value for name, answer in found.given.items()}, scoring.spec_of(version)
    row, params = scoring.row_of(asked, values), scoring.params_of(values)
    columns = scoring.client().score(asked, [row], params=params).columns
    expected = {column: {"value": values[0], "absolute": 1e-6} for column, values in columns.items()}
    return {"name": "An invented patient", "why": "The plainest there is.", "inputs": inputs, "expected": expected}


def _invented(field):
    if field.options:
        return field.options[0].value
    if field.kind == "date":
        return date(2020, 1, 1).isoformat()
    if field.kind == "text":
        return "a"
    low, high = field.minimum or 0, field.maximum
    return int(low + 1 if high is None else (low + high) / 2)
