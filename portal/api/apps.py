from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "portal.api"

    def ready(self):
        from portal.api import schema  # noqa: F401  (teaches the schema generator our authentication)
