from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "portal.registry"

    def ready(self):
        from portal.compute import keeper
        from portal.registry import cards, evidence, intake, rules
        from portal.registry.review import ownership, scope, subjects
        from portal.registry.studio import gate

        rules.register()
        cards.register()
        subjects.register()
        gate.register()
        intake.register()
        keeper.register(scope.remind, scope.PAUSE)
        keeper.register(ownership.watch, ownership.PAUSE)
        evidence.register()
