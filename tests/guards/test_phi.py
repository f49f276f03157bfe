"""What a field's PHI class decides, kept by machine: admin, API, forms, logs."""

import json
import logging

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.db import models
from django.test import RequestFactory
from rest_framework import serializers as drf

from portal.access.admin import ReadOnlyAdmin
from portal.api import serializers as shapes
from portal.compute.models import Job
from portal.core import phi
from portal.core.crypto import EncryptedJSONField
from portal.core.logs import SafeFormatter
from portal.core.phi import Phi
from portal.datasets.models import Dataset, DatasetVersion, Summary
from portal.predictions.models import Prediction
from portal.records.models import CareUnit, Observation, Patient
from portal.web import matrix

# Where each shape is answered, and for each of its members which model's field it comes from (None: no field).
SHAPES = {
    "ModelSerializer": ("api:models", "api:model"),
    "VersionSerializer": ("api:versions", "api:version"),
    "PatientSerializer": ("api:patients",),
    "OnePatientSerializer": ("api:patient",),
    "PredictionSerializer": ("api:predictions", "api:prediction"),
    "JobSerializer": ("api:jobs", "api:job-cancel", "api:job-rerun"),
    "OneJobSerializer": ("api:job",),
    "EventSerializer": ("api:events",),
    "QuotaSerializer": ("api:quotas",),
    "DatasetSerializer": ("api:datasets", "api:dataset"),
    "DatasetDetailSerializer": ("api:dataset",),
    "DatasetVersionSerializer": ("api:dataset",),
    "RowSerializer": ("api:dataset-rows",),
    "SummarySerializer": ("api:dataset-summaries", "api:summary"),
}
TAKEN_ONLY = {
    "PredictionRequestSerializer", "ProblemSerializer", "FeedbackSerializer", "RetractionSerializer",
    "SummaryRequestSerializer",
}  # fmt: skip
SAYS = {
    "PatientSerializer": dict.fromkeys(("name", "birth_date", "age", "sex", "mrn", "ward"), (Patient, "person")),
    "OnePatientSerializer": dict.fromkeys(("name", "birth_date", "age", "sex", "mrn", "ward"), (Patient, "person")),
    "PredictionSerializer": {
        "reason": (Job, "reason"),
        "output": (Prediction, "inputs"),
        "envelope": (Prediction, "inputs"),
    },
    "JobSerializer": {"reason": (Job, "reason"), "subject": (Prediction, "public_id")},
    "OneJobSerializer": {"reason": (Job, "reason"), "subject": (Prediction, "public_id")},
    "DatasetDetailSerializer": {"description": (Dataset, "description"), "versions": (DatasetVersion, "columns")},
    "DatasetVersionSerializer": {"columns": (DatasetVersion, "columns")},
    "RowSerializer": {"values": (Dataset, "description")},
    "SummarySerializer": dict.fromkeys(("table", "header", "title", "total"), (Summary, "answer"))
    | {"spec": (Summary, "spec")},
    "EventSerializer": dict.fromkeys(("patient", "object_id"), (Patient, "public_id")),
}
ORDER = tuple(Phi)


def shown_names(page: admin.ModelAdmin) -> list[str]:
    request = RequestFactory().get("/")
    request.user = None
    found = [*page.get_list_display(request), *page.get_list_filter(request), *page.get_search_fields(request)]
    declared = page.fields or getattr(getattr(page.form, "_meta", None), "fields", None) or ()
    return [str(name) for name in flatten([*found, *declared, *page.get_readonly_fields(request)])]


def test_no_admin_page_shows_more_than_a_pseudonym():
    told = [
        f"{type(page).__name__}.{name}"
        for page in admin.site._registry.values()
        for name in shown_names(page)
        if phi.class_at(page.model, name) in phi.MASKED
    ]
    assert told == []


def test_every_admin_page_masks_and_saves_through_actions():
    assert [page for page in admin.site._registry.values() if not isinstance(page, ReadOnlyAdmin)] == []


def test_an_admin_page_that_asks_for_more_does_not_get_it():
    class Careless(ReadOnlyAdmin):
        list_display = ("public_id", "person", "care_unit")
        fields = (("public_id", "person"), "mrn_index")
        search_fields = ("person",)
        list_filter = ("person",)

    page = Careless(Patient, admin.site)

    assert page.get_list_display(None) == ["public_id", "care_unit"]
    assert page.get_fields(None) == ["public_id", "mrn_index"]
    assert (page.get_search_fields(None), page.get_list_filter(None)) == ([], [])
    assert page.phi() == Phi.IDENTIFIER


@pytest.mark.parametrize(
    ("model", "path", "found"),
    [
        (Patient, "person", Phi.IDENTIFIER),
        (Observation, "patient__person", Phi.IDENTIFIER),
        (Observation, "content", Phi.CLINICAL),
        (CareUnit, "name", Phi.NONE),
        (Patient, "care_unit__name", Phi.NONE),
        (Patient, "held", None),
    ],
)
def test_a_path_leads_to_its_field(model, path, found):
    assert phi.class_at(model, path) == found


def test_every_field_above_a_pseudonym_is_encrypted_at_rest():
    """What the database's files hold in clear is at most a code; see the list."""
    clear = {
        f"{model._meta.label}.{field.name}"
        for model in phi_models()
        for field in model._meta.concrete_fields
        if phi.classes_of(model)[field.name] in phi.MASKED and not isinstance(field, EncryptedJSONField)
    }
    codes = {f"records.{name}.code" for name in ("Encounter", "Observation", "Condition", "MedicationRequest")}
    # The policy asks in its query whether a stay is near today.
    days = {"records.WardStay.first_on", "records.WardStay.last_on"}
    assert clear == codes | days


def phi_models() -> list[type[models.Model]]:
    from django.apps import apps

    return [model for model in apps.get_models() if model.__module__.startswith("portal.")]


def test_every_shape_of_the_api_is_placed_on_routes():
    ours = {
        name
        for name, found in vars(shapes).items()
        if isinstance(found, type) and issubclass(found, drf.Serializer) and found.__module__ == shapes.__name__
    }
    assert ours == set(SHAPES) | TAKEN_ONLY


def test_no_route_of_the_api_says_more_than_it_declares():
    told = []
    for shape, routes in SHAPES.items():
        for member, (model, field) in SAYS.get(shape, {}).items():
            says = phi.classes_of(model)[field]
            told += [
                f"{route}: {shape}.{member} is {says}"
                for route in routes
                if ORDER.index(matrix.TABLE[route][3]) < ORDER.index(says)
            ]
            assert member in getattr(shapes, shape)().fields
    assert told == []


def test_a_member_named_like_a_field_of_the_record_is_accounted_for():
    """A new member of a shape that repeats a masked field's name must be listed in SAYS."""
    masked = {name for model in phi_models() for name, kind in phi.classes_of(model).items() if kind in phi.MASKED} | {
        "person",
        "name",
        "mrn",
        "birth_date",
        "inputs",
        "envelope",
        "output",
    }
    names = {(shape, member) for shape in SHAPES for member in getattr(shapes, shape)().fields if member in masked}

    assert {(shape, member) for shape, member in names if member not in SAYS.get(shape, {})} == set()


@pytest.mark.parametrize(
    "field", ["name", "mrn", "birth_date", "person", "inputs", "content", "search", "patient_name"]
)
def test_a_log_line_keeps_named_values_of_the_record_out(field):
    for args in (({field: "Zebra-Canary"},), ("x", [{field: "Zebra-Canary"}])):
        record = logging.LogRecord("portal", logging.INFO, "a.py", 1, "seen %s" * len(args), args, None)
        text = SafeFormatter().format(record)
        assert ("Zebra-Canary" in text, "withheld" in text) == (False, True)


def test_a_log_line_keeps_an_address_without_its_query():
    record = logging.makeLogRecord({"msg": "%s: %s", "args": ("Not Found", "/clinic/?search=Zebra-Canary")})

    assert json.loads(SafeFormatter().format(record))["message"] == "Not Found: /clinic/"


def test_a_log_line_names_the_kind_of_address_never_what_was_typed_into_it():
    request = RequestFactory().get("/clinic/patients/Zebra-Canary/")
    request.resolver_match = None
    record = logging.makeLogRecord({"name": "django.request", "msg": "%s: %s", "args": ("Not Found", request.path),
                                    "request": request, "status_code": 404})  # fmt: skip

    assert json.loads(SafeFormatter().format(record))["message"] == "Answered 404: GET /(unknown)"


def test_an_exception_in_a_log_line_keeps_its_message_out():
    try:
        raise ValueError("Zebra-Canary")
    except ValueError as error:
        record = logging.makeLogRecord(
            {"msg": "failed: %s", "args": (error,), "exc_info": (ValueError, error, error.__traceback__)}
        )

    text = SafeFormatter().format(record)
    assert ("Zebra-Canary" in text, json.loads(text)["exception"]) == (False, "ValueError")
