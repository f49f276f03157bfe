"""Giving back a file that was sent along with a form, as it was sent: for the file's own owners, not for the model."""

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core.problems import Conflict
from portal.datasets import store
from portal.datasets.runtime.vault import Reader
from portal.predictions import queries
from portal.predictions.models import Prediction


@action(Permission.PREDICTION_PRINT, verb="prediction.file-taken", on=Prediction, rows=queries.related)
def take(*, by, on, name: str = "") -> Reader:
    """The file that was sent for an input, the first when no input is named; raises Conflict where there is none.

    The Reader opens block by block and raises Tampered where the stored file was changed.
    """
    files = {file["name"]: file for file in on.inputs.get("files", ())}
    found = files.get(name) if name else next(iter(files.values()), None)
    if found is None:
        raise Conflict("No file was sent with this run.")
    event().note(file=found["digest"], bytes=found["bytes"])
    return Reader(store.signal(found["stored"]), store.opened(found["key"]))
