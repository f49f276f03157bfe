"""The route matrix as officers read it and take it along."""

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse

from portal.audit.models import AuditEvent
from portal.web import matrix

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def officer(cast) -> Client:
    client = Client()
    client.force_login(cast["auditor"], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_the_page_holds_every_route_with_the_roles_that_may_come_in(officer):
    page = officer.get(reverse("oversight:routes")).context["rows"]
    job = next(row for row in page if row["address"] == "/admin/compute/job/")

    assert [row["address"] for row in page] == [f"/{row.route}" for row in matrix.walk()]
    assert (job["right"], job["roles"]) == ("people:manage and jobs:read", ["Administrator"])


def test_the_filters_narrow_the_page(officer):
    page = officer.get(reverse("oversight:routes"), {"role": "Clinician", "phi": "clinical", "search": "API"})

    assert [row["address"] for row in page.context["rows"]] == [
        "/api/v1/predictions/",
        "/api/v1/predictions/<str:prediction>/",
        "/api/v1/predictions/<str:prediction>/retract/",
    ]


def test_the_file_holds_what_is_shown_and_the_download_is_in_the_ledger(officer):
    answer = officer.get(reverse("oversight:routes-file"), {"right": "patients:read"})
    head, *rows = csv.reader(io.StringIO(answer.content.decode()))

    assert head == ["address", "methods", "about", "right", "roles", "PHI class"]
    assert {row[4] for row in rows} == {"Clinician"}
    assert AuditEvent.objects.filter(verb="routes.exported", actor="auditor", outcome="ok").count() == 1


def test_an_attempt_to_take_it_along_without_the_right_is_in_the_ledger(cast):
    client = Client()
    client.force_login(cast["admin"], backend="allauth.account.auth_backends.AuthenticationBackend")

    assert client.get(reverse("oversight:routes-file")).status_code == 403
    assert AuditEvent.objects.filter(verb="routes.exported", actor="admin", outcome="denied").count() == 1
