from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "portal.datasets"

    def ready(self):
        from portal.compute import executors
        from portal.datasets import grantable, rules, subjects
        from portal.datasets.reading import ReadingExecutor
        from portal.datasets.summing import SummaryExecutor

        rules.register()
        grantable.register()
        subjects.register()
        executors.register("dataset-read", ReadingExecutor(), charged=False)
        executors.register("dataset-summary", SummaryExecutor(), charged=False)
