"""Evidence that a version answers as it should: acceptance cases that are run, and what of them is signed."""


def register() -> None:
    """Called once the apps are loaded."""
    from portal.compute import executors, keeper
    from portal.registry import bundle
    from portal.registry.evidence import actions, proof, subjects
    from portal.registry.evidence.evaluating import EvaluationExecutor
    from portal.registry.evidence.running import AcceptanceExecutor

    subjects.register()
    bundle.cover("evidence", proof.covered)
    bundle.gate("evidence", proof.missing)
    executors.register("acceptance", AcceptanceExecutor(), charged=False)
    executors.register("evaluation", EvaluationExecutor(), charged=False)
    keeper.register(actions.run_due, actions.PAUSE)
