"""Addresses of the API; nouns in the plural, opaque ids, trailing slashes."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from portal.api import cards, datasets, grants, notifications, predictions, views


def open_to_tokens(view):
    """The API asks for a token itself; the pages' login does not apply."""
    return login_not_required(view)


app_name = "api"
_routes = [
    ("models/", views.models, "models"),
    ("models/<slug:slug>/", views.model, "model"),
    ("models/<slug:slug>/versions/", views.versions, "versions"),
    ("models/<slug:slug>/versions/<int:number>/", views.version, "version"),
    ("models/<slug:slug>/versions/<int:number>/schema/", views.version_schema, "version-schema"),
    ("models/<slug:slug>/versions/<int:number>/card/", cards.card, "version-card"),
    ("patients/", views.patients, "patients"),
    ("patients/<str:patient>/", views.patient, "patient"),
    ("predictions/", predictions.predictions, "predictions"),
    ("predictions/<str:prediction>/", predictions.prediction, "prediction"),
    ("predictions/<str:prediction>/feedback/", predictions.feedback, "prediction-feedback"),
    ("predictions/<str:prediction>/retract/", predictions.retract, "prediction-retract"),
    ("grants/", grants.grants, "grants"),
    ("grants/<str:grant>/", grants.grant, "grant"),
    ("grants/<str:grant>/end/", grants.grant_end, "grant-end"),
    ("access-requests/", grants.access_requests, "access-requests"),
    ("access-requests/<str:asked>/", grants.access_request, "access-request"),
    ("access-requests/<str:asked>/decide/", grants.access_request_decide, "access-request-decide"),
    ("datasets/", datasets.datasets, "datasets"),
    ("datasets/<str:dataset>/", datasets.dataset, "dataset"),
    ("datasets/<str:dataset>/versions/<int:number>/rows/", datasets.dataset_rows, "dataset-rows"),
    ("datasets/<str:dataset>/versions/<int:number>/summaries/", datasets.dataset_summaries, "dataset-summaries"),
    ("summaries/<str:summary>/", datasets.summary, "summary"),
    ("notifications/", notifications.notifications, "notifications"),
    ("notifications/read/", notifications.notifications_read, "notifications-read"),
    ("jobs/", views.jobs, "jobs"),
    ("jobs/<str:job>/", views.job, "job"),
    ("jobs/<str:job>/cancel/", views.job_cancel, "job-cancel"),
    ("jobs/<str:job>/rerun/", views.job_rerun, "job-rerun"),
    ("quotas/", views.own_quotas, "quotas"),
    ("audit/events/", views.events, "events"),
    ("schema/", SpectacularAPIView.as_view(), "schema"),
    ("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), "docs"),
]
urlpatterns = [path(route, open_to_tokens(view), name=name) for route, view, name in _routes]
