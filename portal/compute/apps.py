from django.apps import AppConfig


class ComputeConfig(AppConfig):
    name = "portal.compute"

    def ready(self):
        from portal.compute import receivers, rules  # noqa: F401

        rules.register()
