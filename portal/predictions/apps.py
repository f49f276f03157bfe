from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    name = "portal.predictions"

    def ready(self):
        from portal.compute import executors, keeper
        from portal.predictions import downtime, drafts, outcomes, recalls, receivers, rules, subjects  # noqa: F401  (receivers connect)
        from portal.predictions.executor import PredictionExecutor

        rules.register()
        subjects.register()
        keeper.register(outcomes.sweep, outcomes.PAUSE)
        executors.register("prediction", PredictionExecutor())
        keeper.register(drafts.sweep, drafts.PAUSE)
        keeper.register(downtime.write_due, downtime.PAUSE)
        keeper.register(recalls.sweep, recalls.PAUSE)
