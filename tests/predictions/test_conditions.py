"""A field that is asked only when another answer calls for it, and an answer that the form proposes."""

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from portal.core.problems import BadInput
from portal.predictions import actions, lane
from portal.registry import answers, conditions, spec
from tests.predictions import small

INPUTS = [
    {"name": "smoker", "type": "boolean", "required": True},
    {"name": "years", "type": "double", "required": False},
    {"name": "packs", "type": "double", "required": False},
]
OVERLAY = {
    "smoker": {"label": "Smoker"},
    "years": {"label": "Years", "required": True, "unit_label": "years", "when": {"input": "smoker", "is": True}},
    "packs": {"label": "Packs", "required": True, "when": {"input": "years", "above": 10}},
}
FORM = spec.build(INPUTS, OVERLAY)
LEVEL = {
    "inputs": {"x": {"label": "Dose"}, "y": {"label": "Days", "required": True, "usual_min": 0, "usual_max": 4, "weight": 0.9, "when": {"input": "x", "above": 5}}},
    "output": {"kind": "number", "column": "level", "label": "Level"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "given_", "errors"),
    [
        ({"smoker": "no"}, {"smoker": False}, []),
        ({"smoker": "no", "years": "20", "packs": "3"}, {"smoker": False}, []),
        ({"smoker": "no", "years": "many"}, {"smoker": False}, []),
        ({"smoker": "yes"}, {"smoker": True}, ["years"]),
        ({"smoker": "yes", "years": "10", "packs": "3"}, {"smoker": True, "years": 10.0}, []),
        ({"smoker": "yes", "years": "11"}, {"smoker": True, "years": 11.0}, ["packs"]),
        ({"smoker": "yes", "years": "11", "packs": "2"}, {"smoker": True, "years": 11.0, "packs": 2.0}, []),
        ({"years": "11", "packs": "2"}, {}, ["smoker"]),
    ],
)
def test_what_is_not_asked_is_not_sent_and_not_needed(raw, given_, errors):
    found = answers.check(FORM, raw)

    assert {name: answer.value for name, answer in found.given.items()} == given_
    assert sorted(found.errors) == errors
    assert set(found.hidden).isdisjoint({*found.given, *found.missing, *found.errors})


@given(
    st.dictionaries(
        st.sampled_from(["smoker", "years", "packs"]),
        st.sampled_from(["yes", "no", "", "5", "11", "20", "odd", None, True]),
    )
)
def test_taking_the_last_values_away_changes_nothing(raw):
    found = answers.check(FORM, raw)
    again = answers.check(FORM, {name: value for name, value in raw.items() if name not in found.hidden})

    assert (again.given, again.missing, again.errors, again.hidden) == (
        found.given, found.missing, found.errors, found.hidden,
    )  # fmt: skip


def test_a_condition_is_said_in_words():
    assert [conditions.sentence(FORM, field) for field in FORM.fields] == [
        "",
        "Asked only when Smoker is Yes.",
        "Asked only when Years is above 10 years.",
    ]


@pytest.fixture
def run(cast, patient, approve, tmp_path, scorer):
    """Approve a small model and ask it about the clinician's patient."""

    def ask(overlay, **inputs):
        approve("small", small.write(tmp_path / "small", {"level": (2, 3, 5)}, overlay))
        return lane.ask(
            by=cast["clinician"], on=patient, version=actions.Choice("small"), inputs=inputs, within=20
        )  # fmt: skip

    return ask


@pytest.mark.django_db(transaction=True)
def test_a_hidden_value_never_reaches_the_model_and_the_result_says_so(run):
    view = run(LEVEL, x=1, y=100)

    # 2·1 + 3·2 + 5: the model's own stand-in, not the hundred that was sent.
    assert view.output == {"level": 13.0}
    assert view.envelope["not_asked"] == [
        {"name": "y", "label": "Days", "sentence": "Asked only when Dose is above 5."}
    ]
    assert (view.envelope["missing"], view.envelope["completeness"]["asked"]) == ([], 1)


@pytest.mark.django_db(transaction=True)
def test_what_is_asked_is_needed(run):
    with pytest.raises(BadInput, match="Days is needed"):
        run(LEVEL, x=6)


@pytest.mark.django_db(transaction=True)
def test_a_proposed_answer_stands_in_the_form_and_is_named_as_such(run, cast, patient):
    overlay = {"inputs": {"y": {"label": "Days", "default": 4}}, "output": LEVEL["output"]}
    view = run(overlay, x=1)
    rows = {row["name"]: (row["value"], row["source"]) for row in view.envelope["inputs"]}

    assert (view.output, rows["y"]) == ({"level": 19.0}, (4.0, "proposed"))
    client = Client()
    client.force_login(cast["clinician"], backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("clinic:form", args=[patient, "small"])).content.decode()
    assert 'name="in.y" value="4"' in page and "proposed by the form, not from the record" in page


@pytest.mark.django_db(transaction=True)
def test_the_page_hides_what_is_not_asked_and_says_when_it_is(run, cast, patient):
    run(LEVEL, x=1)
    client = Client()
    client.force_login(cast["clinician"], backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("clinic:form", args=[patient, "small"])).content.decode()

    assert 'data-when="f-x" data-when-test="above" data-when-value="5" hidden>' in page
    assert "Asked only when Dose is above 5." in page
