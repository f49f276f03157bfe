"""What an answer is called is said in the studio: one column with its words, a range, or every column on purpose."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.core.problems import BadInput
from portal.registry import actions as registry
from portal.registry import bundle
from portal.registry.models import ModelVersion
from portal.registry.studio import answer
from tests.predictions import small

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
COLUMNS = {"score": (1, 0, 0), "low": (1, 0, -1), "high": (1, 0, 1)}
SAID = {"kind": "number", "column": "score", "label": "Progression", "unit": "points", "lower": "low", "upper": "high"}


def typed(**members) -> dict[str, str]:
    return {"answer.shown": "1"} | {f"answer.{name}": value for name, value in members.items()}


@pytest.fixture
def drafted(cast, studies, tmp_path):
    folder = small.write(tmp_path / "small", COLUMNS, {"title": "A small model"}, "Identity")
    return registry.register(by=cast["scientist"], on=studies["demo"], slug="small", folder=folder)


def save(cast, version, **members):
    client = Client()
    client.force_login(cast["scientist"], backend=BACKEND)
    posted = typed(**members) | {"why": "Clinicians should read words.", "seen": "1"}
    return client.post(reverse("lab:form-studio", args=[version.public_id]), posted)


def owed(version) -> list[str]:
    return [one.sentence for one in bundle.missing(version) if one.part == "form"]


@pytest.mark.django_db
def test_a_model_of_many_columns_is_not_signed_before_its_answer_is_named(cast, drafted):
    assert owed(drafted) == [answer.UNSAID.format(count=3)]
    assert save(cast, drafted, **SAID).status_code == 302

    version = ModelVersion.objects.get()
    assert (version.overlay["output"], owed(version)) == (SAID, [])
    page = Client()
    page.force_login(cast["scientist"], backend=BACKEND)
    shown = page.get(reverse("lab:form-studio", args=[version.public_id])).content.decode()
    assert "Progression: about 12.3 points." in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"kind": "number"}, "The answer: choose the column that it stands in."),
        ({"kind": "guess"}, "The answer: choose one of “one number”, “a risk from 0 to 1”, “every column, as the model gives it”."),
        ({"kind": "risk", "column": "nowhere"}, "output: the model gives no column nowhere. It gives: high, low, score."),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_answer_is_refused_and_nothing_is_saved(cast, drafted, members, sentence):
    refused = save(cast, drafted, **members)
    assert (refused.status_code, sentence in refused.content.decode()) == (422, True)
    assert "output" not in ModelVersion.objects.get().overlay


def test_what_the_page_does_not_show_of_an_answer_stays():
    overlay = {"output": SAID | {"bands": [{"upto": 10, "label": "low"}], "scale": [0, 20]}}
    answer.read(overlay, typed(**SAID | {"unit": "U"}))
    assert overlay["output"] == SAID | {"unit": "U", "bands": [{"upto": 10, "label": "low"}], "scale": [0, 20]}


@pytest.mark.parametrize("kind", ["", "table"])
def test_another_kind_begins_anew(kind):
    overlay = {"output": SAID | {"scale": [0, 20]}}
    answer.read(overlay, typed(kind=kind))
    assert overlay == ({"output": {"kind": "table"}} if kind else {})


def test_an_answer_of_many_parts_is_left_as_its_file_describes_it():
    overlay = {"output": {"kind": "classes", "columns": [{"column": "a", "label": "A"}]}}
    answer.read(overlay, typed(kind="number", column="a"))
    assert overlay["output"]["kind"] == "classes"


def test_typing_what_is_shown_changes_nothing():
    overlay = {"output": dict(SAID)}
    answer.read(overlay, typed(**answer.shown(overlay)))
    assert overlay == {"output": SAID}


def test_a_column_must_be_named_for_one_number():
    with pytest.raises(BadInput):
        answer.read({}, typed(kind="risk"))
