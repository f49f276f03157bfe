"""The whole policy as one table: every address that is read, by every role."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.access import actions
from portal.access.actors import SYSTEM
from portal.compute.models import Job
from portal.predictions import actions as predictions
from portal.web import matrix

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = ("clinician", "clinician2", "scientist", "scientist2", "reviewer", "admin", "auditor")
OWN_WARD = (200, 404, 404, 404, 404, 404, 404)
CLINIC = (200, 200, 403, 403, 403, 403, 403)
SEES_MODEL = (200, 200, 200, 404, 200, 404, 404)
COMMITTEE = (403, 403, 403, 404, 200, 404, 404)
ALL = (200,) * 7
ADMIN = (403, 403, 403, 403, 403, 200, 403)
OFFICE = (403, 403, 403, 403, 403, 200, 403)
SCIENCE = (403, 403, 200, 200, 403, 403, 403)
OFFICER = (403, 403, 403, 403, 403, 403, 200)

# name: (arguments, expected status for each of PEOPLE in order)
PAGES = {
    "home": ((), (302,) * 7),
    "healthz": ((), ALL),
    "help": ((), ALL),
    "account:guide": ((), ALL),
    "readyz": ((), ALL),
    "clinic:patients": ((), CLINIC),
    "clinic:practice": ((), CLINIC),
    "clinic:patient": (("patient",), OWN_WARD),
    "clinic:form": (("patient", "slug"), (200, 404, 404, 404, 404, 404, 404)),
    "clinic:prediction": (("prediction",), OWN_WARD),
    "clinic:prediction-status": (("prediction",), OWN_WARD),
    "clinic:show": (("prediction",), OWN_WARD),
    "clinic:paper": (("prediction",), (302, 404, 404, 404, 404, 404, 404)),
    "clinic:original": (("prediction",), (302, 404, 404, 404, 404, 404, 404)),
    "lab:models": ((), (200, 200, 200, 200, 200, 403, 403)),
    "lab:model": (("slug",), (302, 302, 302, 404, 302, 404, 404)),
    "lab:version": (("version",), SEES_MODEL),
    "lab:calibration": (("version",), SEES_MODEL),
    "lab:form": (("version",), SEES_MODEL),
    "lab:form-studio": (("version",), (403, 403, 200, 404, 200, 404, 404)),
    "lab:review": (("version",), SEES_MODEL),
    "lab:approval-paper": (("version",), SEES_MODEL),
    "lab:submit": (("version",), (403, 403, 200, 404, 403, 404, 404)),
    "lab:narrow": (("version",), COMMITTEE),
    "lab:take-back": (("version",), (403, 403, 200, 404, 403, 404, 404)),
    "lab:retire": (("version",), (403, 403, 200, 404, 200, 404, 404)),
    "lab:owner": (("version",), (403, 403, 200, 404, 200, 404, 404)),
    "oversight:withdraw": (("version",), COMMITTEE),
    "oversight:resume": (("version",), COMMITTEE),
    "oversight:committee": ((), (403, 403, 403, 403, 200, 403, 403)),
    "lab:evidence": (("version",), SEES_MODEL),
    "lab:evidence-status": (("version",), SEES_MODEL),
    "lab:evaluation-status": (("version",), SEES_MODEL),
    "lab:evaluation-rows": (("version",), (403, 403, 200, 404, 200, 404, 404)),
    "lab:evidence-case": (("version",), (403, 403, 200, 404, 200, 404, 404)),
    "lab:card": (("version",), SEES_MODEL),
    "lab:card-file": (("version",), SEES_MODEL),
    "lab:card-paper": (("version",), SEES_MODEL),
    "lab:model-card": (("slug",), SEES_MODEL),
    # The card is signed: whoever may write it is led back to it.
    "lab:card-bring": (("version",), (403, 403, 302, 404, 302, 404, 404)),
    "lab:card-change": (("version", "purpose"), (403, 403, 302, 404, 302, 404, 404)),
    "clinic:card-read": (("slug",), (200, 200, 403, 404, 403, 404, 404)),
    "lab:files": (("version",), SEES_MODEL),
    "lab:files-status": (("version",), SEES_MODEL),
    "lab:model-new": ((), SCIENCE),
    "lab:datasets": ((), SCIENCE),
    "lab:dataset-new": ((), SCIENCE),
    "oversight:front": ((), (302,) * 7),
    "oversight:approvals": ((), (403, 403, 403, 403, 200, 403, 403)),
    "oversight:approval": (("version",), COMMITTEE),
    "oversight:stop": (("version",), COMMITTEE),
    "oversight:events": ((), OFFICER),
    "oversight:routes": ((), OFFICER),
    "oversight:routes-file": ((), OFFICER),
    "oversight:integrity": ((), OFFICER),
    "oversight:retention": ((), OFFICER),
    "hospital:people": ((), OFFICE),
    "hospital:join": ((), OFFICE),
    "hospital:wards": ((), OFFICE),
    "hospital:studies": ((), OFFICE),
    "oversight:reviews": ((), OFFICER),
    "oversight:patient-report": (("patient",), OFFICER),
    "oversight:person-report": (("person",), (404, 404, 404, 404, 404, 403, 200)),
    "oversight:requests": ((), OFFICER),
    "oversight:incidents": ((), (403, 403, 403, 403, 200, 403, 403)),
    "oversight:recalls": ((), (403, 403, 403, 403, 200, 403, 403)),
    "clinic:downtime": ((), CLINIC),
    "clinic:share": (("patient",), OWN_WARD),
    "account:access": ((), ALL),
    "account:notices": ((), ALL),
    "account:notice-settings": ((), ALL),
    "account:ask": ((), (200, 200, 200, 200, 403, 403, 403)),
    "account:inbox": ((), (200, 200, 200, 200, 403, 200, 403)),
    "api:grants": ((), ALL),
    "api:notifications": ((), ALL),
    "api:access-requests": ((), ALL),
    "system": ((), (403, 403, 403, 403, 403, 200, 200)),
    "account:tokens": ((), ALL),
    "admin:index": ((), ADMIN),
    "admin:compute_job_changelist": ((), ADMIN),
    "admin:compute_quota_changelist": ((), ADMIN),
    "admin:accounts_user_changelist": ((), ADMIN),
    "api:models": ((), ALL),
    "api:model": (("slug",), SEES_MODEL),
    "api:versions": (("slug",), SEES_MODEL),
    "api:version": (("slug", 1), SEES_MODEL),
    "api:version-schema": (("slug", 1), SEES_MODEL),
    "api:version-card": (("slug", 1), SEES_MODEL),
    "api:patients": ((), ALL),
    "api:patient": (("patient",), OWN_WARD),
    "api:predictions": ((), ALL),
    "api:prediction": (("prediction",), OWN_WARD),
    "api:datasets": ((), ALL),
    "api:jobs": ((), ALL),
    "api:job": (("job",), (200, 404, 404, 404, 404, 200, 404)),
    "api:quotas": ((), ALL),
    "api:events": ((), ALL),
    "api:schema": ((), ALL),
    "api:docs": ((), ALL),
}
POSTS = {
    "clinic:draft": (("patient", "slug"), (204, 404, 404, 404, 404, 404, 404)),
    "clinic:cancel": (("prediction",), (302, 404, 404, 404, 404, 404, 404)),
    "clinic:again": (("prediction",), (302, 404, 404, 404, 404, 404, 404)),
    "oversight:find-subject": ((), (403, 403, 403, 403, 403, 403, 422)),
    "oversight:export": ((), (403, 403, 403, 403, 403, 403, 422)),
    "account:read-notices": ((), (302,) * 7),
    "account:guide-away": ((), (302,) * 7),
    "account:depth": ((), (422,) * 7),
    "api:notifications-read": ((), (204,) * 7),
    "lab:form-preview": (("version",), (403, 403, 200, 404, 200, 404, 404)),
    "lab:form-back": (("version",), (403, 403, 409, 404, 409, 404, 404)),
    "lab:evidence-run": (("version",), (403, 403, 302, 404, 302, 404, 404)),
    "lab:evaluation-run": (("version",), (403, 403, 409, 404, 409, 404, 404)),
    "lab:evidence-case-remove": (("version", 1), (403, 403, 409, 404, 409, 404, 404)),
    "lab:files-try": (("version",), (403, 403, 409, 404, 403, 404, 404)),
    "lab:submit": (("version",), (403, 403, 409, 404, 403, 404, 404)),
    "lab:comment": (("version",), (403, 403, 422, 404, 422, 404, 404)),
    "lab:checklist": (("version",), (403, 403, 403, 404, 409, 404, 404)),
    "oversight:interest": (("version",), (403, 403, 403, 404, 302, 404, 404)),
    "api:job-cancel": (("job",), (409, 404, 404, 404, 404, 409, 404)),
    "api:job-rerun": (("job",), (201, 404, 404, 404, 404, 404, 404)),
}
ELSEWHERE = {
    "clinic:emergency",
    "clinic:emergency-renew",
    "clinic:emergency-end",
    *(name for name in matrix.TABLE if name.startswith("clinic:downtime-")),
    "oversight:cases",
    "oversight:access",
    "oversight:case",
    "hospital:person",
    "hospital:leave",
    "hospital:come-back",
    "hospital:seats",
    "hospital:ward",
    "hospital:assign",
    "hospital:end",
    "hospital:move",
    "hospital:study",
    "hospital:member-end",
    # Who may know of, compute on and read a dataset: tests/matrix/test_matrix.py and tests/datasets.
    *(
        name
        for name in matrix.TABLE
        if name.startswith(("lab:dataset", "lab:summary", "api:dataset-", "api:summary"))
        if name not in ("lab:datasets", "lab:dataset-new")
    ),
    "api:dataset",
    # Who may follow a model on its way in: tests/matrix/test_matrix.py and tests/registry/test_arrivals.py.
    "lab:arrival",
    "lab:arrival-status",
    "static",
    "account_login",
    "account_logout",
    "account_inactive",
    "account_reauthenticate",
    "account_change_password",
    "account:revoke",
    "account:decide",
    "account:read-notice",
    "clinic:feedback",
    "clinic:mark",
    "clinic:retract",
    "clinic:report",
    "oversight:incident",
    # tests/predictions/test_recalls.py
    "oversight:recall",
    "account:recall",
    "api:prediction-feedback",
    "api:prediction-retract",
    "account:withdraw",
    "account:renew",
    "account:end",
    "api:grant",
    "api:grant-end",
    "api:access-request",
    "api:access-request-decide",
    *(name for name in matrix.TABLE if name.startswith("account:session") or name == "account:keep"),
    *(name for name in matrix.TABLE if name.startswith(("mfa_", "openid_connect_"))),
}


@pytest.fixture
def world(cast, patient, unplanned, worked) -> dict[str, str]:
    """One of everything that belongs to `clinician` and the study `demo`."""
    prediction = predictions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={}).prediction
    return {"patient": patient, "slug": "unplanned-admission", "version": unplanned.public_id,
            "prediction": prediction, "job": Job.objects.get(kind="prediction").public_id,
            "person": cast["clinician2"].public_id}  # fmt: skip


def client_of(cast, name: str, route: str) -> Client:
    if route.startswith("api:"):
        token = actions.issue_token(by=SYSTEM, on=cast[name], scopes=["*"], days=1)
        return Client(HTTP_AUTHORIZATION=f"Bearer {token}")
    client = Client()
    client.force_login(cast[name], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def address(route: str, arguments, world) -> str:
    return reverse(route, args=[world.get(argument, argument) for argument in arguments])


def test_every_address_of_ours_is_in_a_table():
    assert set(matrix.TABLE) - set(PAGES) - set(POSTS) == ELSEWHERE


@pytest.mark.slow
def test_reading_every_address_as_every_role(cast, world):
    found, expected = {}, {}
    for route, (arguments, statuses) in PAGES.items():
        for name, status in zip(PEOPLE, statuses, strict=True):
            answer = client_of(cast, name, route).get(address(route, arguments, world))
            found[route, name], expected[route, name] = answer.status_code, status
            if status >= 400:
                assert "INV-" not in answer.content.decode()
    assert found == expected


@pytest.mark.slow
def test_writing_to_every_address_as_every_role(cast, world):
    found, expected = {}, {}
    for route, (arguments, statuses) in POSTS.items():
        for name, status in sorted(zip(PEOPLE, statuses, strict=True), key=lambda pair: pair[0] == "clinician"):
            found[route, name] = client_of(cast, name, route).post(address(route, arguments, world)).status_code
            expected[route, name] = status
    assert found == expected


def test_nobody_who_is_not_signed_in_sees_a_page(world):
    routes = [name for name in PAGES if not name.startswith(("api:", "healthz", "readyz"))]
    answers = {route: Client().get(address(route, PAGES[route][0], world)) for route in routes}

    found = {route: (answer.status_code, "login" in answer.url) for route, answer in answers.items()}
    assert found == dict.fromkeys(routes, (302, True))


def test_nobody_without_a_token_reads_the_api(world):
    routes = [name for name in PAGES if name.startswith("api:") and name not in ("api:schema", "api:docs")]
    found = {route: Client().get(address(route, PAGES[route][0], world)).status_code for route in routes}

    assert found == dict.fromkeys(routes, 401)


def test_an_ended_assignment_closes_every_page_of_the_patient(cast, world):
    from portal.records import actions as records

    records.end_assignment(by=SYSTEM, on=cast["clinician"].care_relationships.get())

    for route in ("clinic:patient", "clinic:prediction", "api:patient", "api:prediction"):
        answer = client_of(cast, "clinician", route).get(address(route, PAGES[route][0], world))
        assert (route, answer.status_code) == (route, 404)


def test_a_form_posted_from_elsewhere_is_refused(cast, world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast["clinician"], backend="allauth.account.auth_backends.AuthenticationBackend")

    assert client.post(address("clinic:form", ("patient", "slug"), world)).status_code == 403


@pytest.mark.parametrize(
    "path", ["admin/password_change/", "admin/r/1/1/", "admin/autocomplete/", "admin/records/patient/"]
)
def test_the_admin_has_no_road_around_the_actions(path, cast, world):
    assert client_of(cast, "admin", "admin:index").get(f"/{path}").status_code == 404


def test_a_nul_in_a_form_is_refused_in_words(cast, world):
    client = client_of(cast, "reviewer", "oversight:stop")
    answer = client.post(address("oversight:stop", ("version",), world), {"reason": "odd\x00 answers"})

    assert answer.status_code == 400
