from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "portal.accounts"

    def ready(self):
        from portal.accounts import checks  # noqa: F401  (checks register themselves)
