"""Addresses of the scientists' door."""

from django.urls import path

from portal.web.lab import views

app_name = "lab"
urlpatterns = [
    path("", views.models, name="models"),
    path("models/<slug:model>/", views.model, name="model"),
    path("versions/<pid:version>/", views.version, name="version"),
    path("versions/<pid:version>/submit/", views.submit, name="submit"),
]
