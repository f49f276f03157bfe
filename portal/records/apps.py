from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "portal.records"

    def ready(self):
        from portal.records import grantable, receivers, rules, subjects  # noqa: F401  (receivers connect themselves)

        rules.register()
        grantable.register()
        subjects.register()
