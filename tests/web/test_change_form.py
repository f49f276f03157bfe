"""Reviewers change a form before anyone has signed."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.registry import actions, spec
from portal.registry.models import ModelVersion
from portal.web.oversight import forms
from tests import reviewing

pytestmark = pytest.mark.django_db


@pytest.fixture
def submitted(cast, studies, trained):
    version = actions.register(
        by=cast["scientist"], on=studies["demo"], slug="unplanned", folder=trained["unplanned-admission"]
    )
    actions.submit(by=cast["scientist"], on=version)
    return version


def as_shown(version) -> dict[str, str]:
    """What a browser posts when nothing was touched."""
    rows = forms.rows_of(version)
    posted = {cell.name: cell.value for row in rows for cell in row.cells}
    return posted | {f"{row.name}.required": "on" for row in rows if row.required}


def post(cast, version, **changes):
    client = Client()
    client.force_login(cast["reviewer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    typed = as_shown(version) | {name.replace("__", "."): value for name, value in changes.items()}
    return client.post(reverse("oversight:change-form", args=[version.public_id]), typed)


def test_saving_without_a_change_asks_the_same(cast, submitted):
    before = spec.form_of(submitted)
    assert post(cast, submitted).status_code == 302

    assert spec.form_of(ModelVersion.objects.get()) == before


def test_a_narrowed_and_fixed_field_is_asked_so(cast, submitted):
    post(cast, submitted, age__label="Age today", age__min="18", male__fixed="1.0")

    form = spec.form_of(ModelVersion.objects.get())
    assert (form["age"].label, form["age"].minimum, form["male"].fixed) == ("Age today", 18, 1.0)
    assert "male" not in form.names


def test_a_wrong_number_is_named_and_nothing_is_saved(cast, submitted):
    answer = post(cast, submitted, age__min="young", male__fixed="both")

    assert answer.status_code == 422
    assert "Age, least possible: “young” is not a number." in answer.content.decode()
    assert "Sex in the record, fixed to: “both” is not one of the answers." in answer.content.decode()
    assert ModelVersion.objects.get().overlay == submitted.overlay


def test_a_limit_below_the_other_is_refused(cast, submitted):
    assert "above max" in post(cast, submitted, age__min="200").content.decode()


def test_nothing_changes_once_someone_has_signed(cast, submitted):
    from portal.accounts.factors import Proof
    from portal.core import clock

    proof = Proof(cast["reviewer2"].pk, clock.now())
    reviewing.approve(by=cast["reviewer2"], on=submitted, reason="Read it all.", proof=proof)

    answer = post(cast, submitted, age__label="Other")
    assert (answer.status_code, ModelVersion.objects.get().overlay) == (409, submitted.overlay)
