"""What may be said of the run that a version's files name: whether the files were fetched from it, or only say so."""

from portal.registry.models import Arrival, ModelVersion


def sentence(version: ModelVersion) -> str:
    """How the files stand to the run that they name; empty when they name none."""
    named = version.run.get("run_id", "")
    if not named:
        return ""
    came = Arrival.objects.filter(version=version).first()
    if came is None:
        return "The files name this run. They were registered on the server, so nobody compared them with it."
    if not came.address:
        return "The files name this run. They were sent as a zip, so nobody compared them with it."
    if came.address.startswith(f"runs:/{named}/"):
        return "The run that the files were fetched from."
    return f"The files were fetched from {came.address} and name this run."
