from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "portal.monitoring"

    def ready(self):
        from portal.compute import keeper
        from portal.monitoring import on_cards, receivers, reliability  # noqa: F401  (receivers connect themselves)
        from portal.registry.cards import local

        keeper.register(reliability.refresh, reliability.PAUSE)
        local.register(on_cards.known)
