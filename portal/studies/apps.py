from django.apps import AppConfig


class StudiesConfig(AppConfig):
    name = "portal.studies"

    def ready(self):
        from portal.studies import grantable, rules

        rules.register()
        grantable.register()
