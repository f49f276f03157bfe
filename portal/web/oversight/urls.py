"""Addresses of the reviewers' and audit officers' door."""

from django.urls import path

from portal.web.oversight import approvals, cases, events

app_name = "oversight"
urlpatterns = [
    path("", events.front, name="front"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("approvals/<pid:version>/", approvals.approval, name="approval"),
    path("approvals/<pid:version>/stop/", approvals.stop, name="stop"),
    path("approvals/<pid:version>/form/", approvals.change_form, name="change-form"),
    path("events/", events.events, name="events"),
    path("cases/", cases.queue, name="cases"),
    path("cases/<pid:case>/", cases.case, name="case"),
    path("cases/<pid:case>/assessment/", cases.assess, name="assess"),
    path("access/", cases.why, name="access"),
    path("integrity/", events.integrity, name="integrity"),
]
