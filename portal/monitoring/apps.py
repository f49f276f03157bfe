from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "portal.monitoring"

    def ready(self):
        from portal.compute import keeper
        from portal.monitoring import receivers, reliability  # noqa: F401  (receivers connect themselves)

        keeper.register(reliability.refresh, reliability.PAUSE)
