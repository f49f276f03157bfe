"""Shaping a form: who may, what is kept of it, what is refused beside which field, and the way back."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from portal.access.policy import Denied
from portal.accounts.factors import Proof
from portal.core import clock, guard
from portal.core.problems import Conflict
from portal.registry import actions as registry
from portal.registry import signing, spec
from portal.registry.models import FormRevision, ModelVersion
from portal.registry.studio import actions, draft
from portal.web.lab import panels
from tests import reviewing

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
WHY = "Wards ask for the age of today."


@pytest.fixture
def drafted(cast, studies, trained):
    folder = trained["coronary-disease"]
    return registry.register(by=cast["scientist"], on=studies["demo"], slug="coronary", folder=folder)


@pytest.fixture
def submitted(cast, drafted):
    registry.submit(by=cast["scientist"], on=drafted)
    return drafted


def as_shown(version) -> dict[str, str]:
    """What a browser posts when nothing was touched."""
    form = spec.form_of(version)
    found = panels.panels(form, version.overlay, None, {})
    posted = {f"{field.name}.shown": "1" for field in form.fields}
    for _, group in found:
        for control in [one for panel in group for _, controls in panel.parts for one in controls]:
            if control.kind == "tick":
                posted[f"{control.name}.shown"] = "1"
                posted |= {control.name: "on"} if control.value else {}
            else:
                posted[control.name] = control.value
    return posted | {"seen": str(version.forms.first().number)}


def sent(cast, name: str, version, changes: dict, route: str = "lab:form-studio", without=(), why: str = WHY):
    client = Client()
    client.force_login(cast[name], backend=BACKEND)
    posted = {key: text for key, text in as_shown(version).items() if key not in without}
    return client.post(reverse(route, args=[version.public_id]), posted | {"why": why} | changes)


def asked(version) -> spec.FormSpec:
    return spec.form_of(ModelVersion.objects.get(pk=version.pk))


def test_saving_without_a_change_keeps_the_form_and_adds_no_state(cast, submitted):
    before = submitted.overlay
    assert sent(cast, "reviewer", submitted, {}, why="").status_code == 302

    assert ModelVersion.objects.get().overlay == before
    assert [saved.number for saved in FormRevision.objects.all()] == [1]


def test_a_changed_label_is_asked_and_kept_as_a_numbered_state_with_who_why_and_what(cast, submitted):
    sent(cast, "reviewer", submitted, {"age.label": "Age today", "age.min": "21"})

    field = asked(submitted)["age"]
    newest, first = FormRevision.objects.all()
    assert (field.label, field.minimum) == ("Age today", 21)
    assert (newest.number, newest.saved_by, newest.why) == (2, cast["reviewer"], WHY)
    assert [(one["label"], one["member"], one["before"], one["after"]) for one in newest.changes] == [
        ("Age today", "label", "Age", "Age today"), ("Age today", "lowest possible", "18", "21"),
    ]  # fmt: skip
    assert (first.number, first.overlay["inputs"]["age"]["label"]) == (1, "Age")


def test_a_kept_state_is_never_changed_or_removed(cast, submitted):
    saved = FormRevision.objects.get()
    saved.why = "Something else"
    with guard.unlocked():
        for change in (
            saved.save, saved.delete, lambda: FormRevision.objects.update(why="x"), FormRevision.objects.all().delete
        ):  # fmt: skip
            with pytest.raises(guard.Locked):
                change()
    assert FormRevision.objects.get().why == "As it came with the model's files."


def test_going_back_is_one_action_and_a_state_of_its_own(cast, submitted):
    before = submitted.overlay
    sent(cast, "reviewer", submitted, {"age.label": "Age today"})
    client = Client()
    client.force_login(cast["reviewer2"], backend=BACKEND)
    answer = client.post(reverse("lab:form-back", args=[submitted.public_id]), {"number": "1"})

    newest = FormRevision.objects.first()
    assert (answer.status_code, newest.number, newest.back_to, newest.saved_by) == (302, 3, 1, cast["reviewer2"])
    assert ModelVersion.objects.get().overlay == before == newest.overlay
    assert client.post(reverse("lab:form-back", args=[submitted.public_id]), {"number": "1"}).status_code == 422


def test_scientists_shape_a_draft_and_reviewers_what_was_submitted(cast, drafted):
    client = Client()
    client.force_login(cast["reviewer"], backend=BACKEND)
    assert client.get(reverse("lab:form-studio", args=[drafted.public_id])).status_code == 404
    assert sent(cast, "scientist", drafted, {"age.label": "Age, years"}).status_code == 302
    registry.submit(by=cast["scientist"], on=drafted)

    assert sent(cast, "scientist", drafted, {"age.label": "Mine again"}).status_code == 409
    assert asked(drafted)["age"].label == "Age, years"
    with pytest.raises(Denied):
        actions.change_form(by=cast["clinician"], on=drafted, overlay=drafted.overlay, why=WHY)
    with pytest.raises(Denied):
        actions.change_form(by=cast["scientist2"], on=drafted, overlay=drafted.overlay, why=WHY)
    with pytest.raises(Conflict, match="only a reviewer"):
        actions.put_back(by=cast["scientist"], on=drafted, number=1)


def test_nothing_changes_once_someone_has_signed(cast, submitted, prove):
    prove(submitted)
    proof = Proof(cast["reviewer2"].pk, clock.now())
    reviewing.approve(by=cast["reviewer2"], on=submitted, reason="Read it all.", proof=proof)
    posted = as_shown(submitted) | {"age.label": "Other", "why": WHY}
    client = Client()
    client.force_login(cast["reviewer"], backend=BACKEND)

    assert client.post(reverse("lab:form-studio", args=[submitted.public_id]), posted).status_code == 409
    assert (asked(submitted)["age"].label, FormRevision.objects.count()) == ("Age", 1)


def test_the_form_is_part_of_what_is_signed(cast, submitted):
    before = signing.payload_sha256(submitted)
    sent(cast, "reviewer", submitted, {"age.help": "In full years."})

    submitted.refresh_from_db()
    assert signing.payload_sha256(submitted) != before


def test_two_people_do_not_overwrite_each_other(cast, submitted):
    sent(cast, "reviewer", submitted, {"age.label": "Age today"})
    submitted.refresh_from_db()

    assert sent(cast, "reviewer2", submitted, {"age.label": "Years", "seen": "1"}).status_code == 409
    assert asked(submitted)["age"].label == "Age today"


def test_a_change_without_a_reason_is_not_saved(cast, submitted):
    answer = sent(cast, "reviewer", submitted, {"age.label": "Age today"}, why="")

    assert (answer.status_code, asked(submitted)["age"].label) == (422, "Age")
    assert "Say why in 5 to 500 characters; whoever signs will read it." in answer.content.decode()


WRONG = [
    ("age.min", "young", "Age: “young” is not a number."),
    ("age.min", "200", "Age: the lowest possible, 200, is above the highest possible, 110."),
    ("age.usual_max", "140", "Age: what is usual cannot end above what is possible."),
    ("age.unit", "furlongz", "Age: “furlongz” is not a unit that is known here."),
    ("chol.units", "kg", "Total cholesterol: kg cannot be converted to mg/dL."),
    ("sex.fixed", "neither", "Sex in the record: “neither” is not"),
    ("sex.options", "male = Same\nfemale = same", "Sex in the record: two answers have the same words."),
    ("trestbps.record.codes", "8480-7", "Systolic blood pressure at rest: “8480-7” is no LOINC code"),
    ("chol.default", "9999", "Total cholesterol: 9999 mg/dL is not possible."),
    ("age.zone", "../../etc/passwd", "Age: only a moment with its time goes by a clock."),
    ("sex.unit", "kg", "Sex in the record: only numbers have a unit."),
    ("age.label", "x" * 121, "x" * 40 + ": write at most 120 characters."),
]  # fmt: skip


@pytest.mark.parametrize(("member", "typed", "sentence"), WRONG)
def test_what_does_not_fit_the_signature_is_refused_beside_its_field(member, typed, sentence, cast, submitted):
    found = draft.read(submitted, as_shown(submitted) | {member: typed})
    name = next(iter(found.errors))
    assert found.errors[name].startswith(sentence)
    assert name in (member, member.split(".")[0], ".".join(member.split(".")[:2]))

    answer = sent(cast, "reviewer", submitted, {member: typed})
    assert (answer.status_code, ModelVersion.objects.get().overlay) == (422, submitted.overlay)
    assert 'class="panel" id="p-' + member.split(".")[0] + '" open' in answer.content.decode()


def test_all_faults_of_a_save_come_at_once_with_the_words_of_the_page(cast, submitted):
    changes = {"age.min": "200", "chol.usual_min": "many", "trestbps.record.codes": "8480-7", "age.label": "Age"}
    page = sent(cast, "reviewer", submitted, changes, why="").content.decode()
    summary = page.partition("Please mend this")[2].partition("</ul>")[0]

    assert "Age: the lowest possible, 200, is above the highest possible, 110." in summary
    assert "Total cholesterol, usual from: “many” is not a number." in summary
    assert "Systolic blood pressure at rest, filled from the record: “8480-7” is no LOINC code" in summary
    assert "Say why in 5 to 500 characters" in summary
    ids = re.findall(r'href="#([^"]+)"', summary)
    assert len(ids) == 5 and all(f'id="{one}"' in page for one in ids)


def test_a_fault_leads_to_its_box_also_where_a_name_has_points():
    found = panels.summary({"a.b.min": "A: x.", "settings.k.fixed": "K: y.", "settings.k": "K.", "a.when": "A: z.",
                            "answer.kind": "The answer: w.", "output": "v.", "why": "u."})  # fmt: skip
    assert list(found) == [
        "s-a.b.min",
        "s-settings.k.fixed",
        "p-settings.k",
        "s-a.when.input",
        "s-answer.kind",
        "p-answer",
        "why",
    ]
    assert found["s-a.b.min"] == "A, lowest possible: x."


def test_a_condition_is_typed_in_words_and_kept_as_the_models_values(cast, submitted):
    sent(
        cast,
        "reviewer",
        submitted,
        {"oldpeak.when.input": "exang", "oldpeak.when.test": "is", "oldpeak.when.value": "Yes"},
    )

    entry = ModelVersion.objects.get().overlay["inputs"]["oldpeak"]
    assert entry["when"] == {"input": "exang", "is": "true"}
    assert FormRevision.objects.first().changes[0]["member"] == "asked only when"


def test_fields_that_would_wait_for_each_other_are_refused(cast, submitted):
    changes = {
        "age.when.input": "chol", "age.when.test": "above", "age.when.value": "100",
        "chol.when.input": "age", "chol.when.test": "above", "chol.when.value": "20",
    }  # fmt: skip
    errors = draft.read(submitted, as_shown(submitted) | changes).errors
    assert errors == {
        "age.when": "Age: the two fields would wait for each other.",
        "chol.when": "Total cholesterol: the two fields would wait for each other.",
    }


def test_the_preview_draws_what_is_typed_and_saves_nothing(cast, submitted):
    answer = sent(cast, "reviewer", submitted, {"age.label": "Age on the day"}, "lab:form-preview")
    page = answer.content.decode()

    assert (answer.status_code, "Age on the day" in page, page.count("<html")) == (200, True, 0)
    assert FormRevision.objects.count() == 1
    wrong = sent(cast, "reviewer", submitted, {"age.min": "young", "age.label": "Age on the day"}, "lab:form-preview")
    assert "Age, lowest possible: “young” is not a number." in wrong.content.decode()
    assert "Age on the day" not in wrong.content.decode().split("drawn")[1]


def test_without_scripts_the_preview_button_draws_the_same_page(cast, submitted):
    answer = sent(cast, "reviewer", submitted, {"age.label": "Age on the day", "preview": "yes"})

    assert (answer.status_code, FormRevision.objects.count()) == (200, 1)
    assert answer.content.decode().count("Age on the day") >= 3


def test_whoever_may_see_the_version_reads_its_form_and_how_it_came_to_be_so(cast, submitted, drafted):
    sent(cast, "reviewer", submitted, {"age.label": "Age today"})
    client = Client()
    client.force_login(cast["scientist"], backend=BACKEND)
    page = client.get(reverse("lab:form", args=[submitted.public_id]))

    assert page.status_code == 200
    assert WHY in page.content.decode() and "Save the form" not in page.content.decode()
