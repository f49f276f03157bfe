from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "portal.registry"

    def ready(self):
        from portal.registry import rules

        rules.register()
