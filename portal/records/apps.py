from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "portal.records"

    def ready(self):
        from portal.access import joined
        from portal.records import grantable, queries, receivers, rules, subjects  # noqa: F401  (receivers connect themselves)

        rules.register()
        grantable.register()
        subjects.register()
        joined.register(queries.joined)
