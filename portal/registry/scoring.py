"""The road to the scorer, the same for a prediction, an acceptance case and an evaluation: what is asked, behind which walls."""

from functools import cache, lru_cache

from django.conf import settings

from portal.compute.runtime import columns
from portal.compute.runtime.client import Client, ModelSpec
from portal.compute.runtime.facts import PARAM
from portal.core.problems import Conflict
from portal.registry.models import ModelVersion


def spec_of(version: ModelVersion) -> ModelSpec:
    """What the scorer must know about a version; raises Conflict while its software is not written down."""
    if version.environment is None or not version.environment.digest:
        raise Conflict(f"The software of {version} is not put together yet.", code="not-ready")
    return ModelSpec(
        digest=version.digest,
        engine=version.engine,
        inputs=[(given["name"], given["type"]) for given in columns_of(version)],
        requirements=version.facts.get("requirements", []),
        environment=version.environment.named,
    )


def columns_of(version: ModelVersion) -> list[dict]:
    """The columns as the model takes them; those of versions registered before are their questions."""
    return version.facts.get("columns") or version.facts["inputs"]


def row_of(asked: ModelSpec, values: dict) -> dict:
    """One row for the scorer, put together from the form's values."""
    return columns.row([{"name": name, "type": kind} for name, kind in asked.inputs], values)


def params_of(values: dict) -> dict:
    """The settings among the form's values; those left at their own default are not named."""
    return {name.removeprefix(PARAM): value for name, value in values.items() if name.startswith(PARAM)}


def walls_of(version: ModelVersion) -> frozenset[str]:
    """The layers of the sandbox without which a version is not run."""
    # An ONNX graph cannot run code of its own; a pickle runs whatever it likes when it is read.
    code = settings.SCORER_MINIMUM_CODE if version.engine != "onnx" else []
    pickled = ["bubblewrap"] if "pickle" in version.facts.get("flags", ()) else []
    return frozenset([*settings.SCORER_MINIMUM, *code, *pickled])


def too_weak(client: Client, walls: frozenset[str]) -> bool:
    """Whether this machine lacks one of the walls."""
    offered = _offered(client)
    return any(not any(layer.startswith(wall) for layer in offered) for wall in walls)


def client() -> Client:
    """The connection to the scorer of this installation."""
    return _client(str(settings.SCORER_SOCKET))


@lru_cache(maxsize=8)
def _offered(asked: Client) -> tuple[str, ...]:
    # What a machine offers does not change while it runs.
    return tuple(asked.status()["layers"])


@cache
def _client(socket: str) -> Client:
    return Client(socket)
