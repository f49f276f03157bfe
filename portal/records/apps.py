from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "portal.records"

    def ready(self):
        from portal.records import grantable, rules

        rules.register()
        grantable.register()
