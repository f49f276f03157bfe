"""Addresses of the reviewers' and audit officers' door."""

from django.urls import path

from portal.web.oversight import (
    approvals,
    cases,
    committee,
    events,
    incidents,
    recalls,
    reports,
    requests,
    retention,
    reviews,
    routes,
    why,
)

app_name = "oversight"
urlpatterns = [
    path("", events.front, name="front"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("approvals/<pid:version>/", approvals.approval, name="approval"),
    path("approvals/<pid:version>/stop/", approvals.stop, name="stop"),
    path("approvals/<pid:version>/interest/", committee.interest, name="interest"),
    path("approvals/<pid:version>/withdraw/", committee.withdraw, name="withdraw"),
    path("approvals/<pid:version>/resume/", committee.resume, name="resume"),
    path("committee/", committee.committee, name="committee"),
    path("incidents/", incidents.incidents, name="incidents"),
    path("incidents/<pid:incident>/", incidents.incident, name="incident"),
    path("recalls/", recalls.recalls, name="recalls"),
    path("recalls/<pid:recall>/", recalls.recall, name="recall"),
    path("cases/", cases.cases, name="cases"),
    path("cases/<pid:case>/", cases.case, name="case"),
    path("requests/", requests.requests, name="requests"),
    path("events/", events.events, name="events"),
    path("access/", why.why, name="access"),
    path("routes/", routes.routes, name="routes"),
    path("routes/file/", routes.routes_file, name="routes-file"),
    path("events/find/", reports.find, name="find-subject"),
    path("events/export/", reports.export, name="export"),
    path("patients/<pid:patient>/", reports.patient, name="patient-report"),
    path("people/<pid:person>/", reports.person, name="person-report"),
    path("reviews/", reviews.reviews, name="reviews"),
    path("retention/", retention.retention, name="retention"),
    path("integrity/", events.integrity, name="integrity"),
]
