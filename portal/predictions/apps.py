from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    name = "portal.predictions"

    def ready(self):
        from portal.compute import executors
        from portal.predictions import receivers, rules  # noqa: F401  (receivers connect themselves)
        from portal.predictions.executor import PredictionExecutor

        rules.register()
        executors.register("prediction", PredictionExecutor())
