"""Sets the stage before Django reads its settings: a data folder, a database and a broker of the tests' own."""

import os
import shutil
import tempfile

import pytest

_STARTED: list = []


def server(kind: type):
    """The tests' own server of a kind, for those that take it away for a while."""
    return next(started for started in _STARTED if isinstance(started, kind))


def pytest_addoption(parser):
    parser.addoption("--embedded", action="store_true", help="run on SQLite and the filesystem broker")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config, parser, args):
    embedded = "--embedded" in args
    folder = tempfile.mkdtemp(prefix="formulary-test-")
    _STARTED.append(folder)
    os.environ.update({"FORMULARY_DATA": folder, "FORMULARY_MODE": "test", "FORMULARY_JOB_LEASE_SECONDS": "3"})
    for name in ("DATABASE_URL", "REDIS_URL", "DEMO_PASSWORD"):
        os.environ.pop(name, None)
    # Who only hands the tests out runs none and needs no servers.
    hands_out = early_config.known_args_namespace.numprocesses and "PYTEST_XDIST_WORKER" not in os.environ
    if not embedded and not hands_out:
        from tests.servers import Postgres, Redis

        postgres, redis = Postgres(), Redis()
        _STARTED.extend((postgres, redis))
        os.environ |= {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url, "FORMULARY_EXTRA_APPS": "tests.shelf"}
    from portal import celery  # noqa: F401


def pytest_unconfigure(config):
    while _STARTED:
        started = _STARTED.pop()
        if isinstance(started, str):
            shutil.rmtree(started, ignore_errors=True)
        else:
            started.stop()
