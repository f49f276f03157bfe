from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "portal.web"

    def ready(self):
        from portal.web.account import devices  # noqa: F401
