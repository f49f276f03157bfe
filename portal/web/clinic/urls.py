"""Addresses of the clinicians' door."""

from django.urls import path

from portal.web.clinic import cards, downtime, emergency, lists, opinions, practice, printing, sharing, showing, views

app_name = "clinic"
urlpatterns = [
    path("", lists.patients, name="patients"),
    path("practice/", practice.ward, name="practice"),
    path("emergency/", emergency.emergency, name="emergency"),
    path("emergency/<pid:access>/renew/", emergency.renew, name="emergency-renew"),
    path("emergency/<pid:access>/end/", emergency.end, name="emergency-end"),
    path("downtime/", downtime.downtime, name="downtime"),
    path("downtime/<pid:unit>/file/", downtime.file, name="downtime-file"),
    path("downtime/<pid:unit>/password/", downtime.password, name="downtime-password"),
    path("downtime/<pid:unit>/lock/", downtime.lock, name="downtime-lock"),
    path("patients/<pid:patient>/", views.patient, name="patient"),
    path("patients/<pid:patient>/mark/", lists.mark, name="mark"),
    path("patients/<pid:patient>/share/", sharing.share, name="share"),
    path("patients/<pid:patient>/models/<slug:model>/", views.form, name="form"),
    path("patients/<pid:patient>/models/<slug:model>/draft/", views.draft, name="draft"),
    path("models/<slug:model>/read/", cards.read, name="card-read"),
    path("predictions/<pid:prediction>/", views.prediction, name="prediction"),
    path("predictions/<pid:prediction>/status/", views.prediction_status, name="prediction-status"),
    path("predictions/<pid:prediction>/show/", showing.show, name="show"),
    path("predictions/<pid:prediction>/paper/", printing.paper, name="paper"),
    path("predictions/<pid:prediction>/original/", printing.original, name="original"),
    path("predictions/<pid:prediction>/feedback/", opinions.feedback, name="feedback"),
    path("predictions/<pid:prediction>/retract/", opinions.retract, name="retract"),
    path("predictions/<pid:prediction>/report/", opinions.report, name="report"),
    path("predictions/<pid:prediction>/cancel/", views.cancel, name="cancel"),
    path("predictions/<pid:prediction>/again/", views.again, name="again"),
]
