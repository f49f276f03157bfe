"""How a model gets in: by an address or as a folder, with its software, its scan and a first load in the sandbox."""


def register() -> None:
    """Called once the apps are loaded."""
    from portal.compute import executors, keeper
    from portal.registry import bundle
    from portal.registry.intake import evidence, sweeping
    from portal.registry.intake.arriving import ArrivalExecutor
    from portal.registry.intake.building import BuildExecutor
    from portal.registry.intake.trying import TrialExecutor

    bundle.cover("files", evidence.covered)
    bundle.gate("files", evidence.missing)
    executors.register("model-arrival", ArrivalExecutor(), charged=False)
    executors.register("environment-build", BuildExecutor(), charged=False)
    executors.register("model-trial", TrialExecutor(), charged=False)
    keeper.register(sweeping.sweep, sweeping.PAUSE)
