from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "portal.registry"

    def ready(self):
        from portal.compute import keeper
        from portal.registry import rules
        from portal.registry.review import ownership, scope, subjects

        rules.register()
        subjects.register()
        keeper.register(scope.remind, scope.PAUSE)
        keeper.register(ownership.watch, ownership.PAUSE)
