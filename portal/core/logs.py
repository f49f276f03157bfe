"""Log lines that cannot carry what a patient's record says: exception messages and arguments stay out."""

import json
import logging
import re
import traceback
from functools import cache
from pathlib import Path

_WITHHELD = "(withheld)"
_QUERY = re.compile(r"(?<=/)\?\S*")
_ON_THE_WAY = frozenset(
    {
        "name",
        "given",
        "family",
        "mrn",
        "birth_date",
        "birthDate",
        "inputs",
        "output",
        "values",
        "search",
        "patient_name",
    }
)


def logging_config(level: str) -> dict:
    """Everything to standard error, in lines that carry nothing of a record (the setting LOGGING)."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"safe": {"()": "portal.core.logs.SafeFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "safe"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
            "django.security.DisallowedHost": {"handlers": [], "propagate": False},
            "kombu": {"level": "WARNING"},
            "fido2": {"level": "WARNING"},
        },
    }


class SafeFormatter(logging.Formatter):
    """One JSON object a line; of an exception the type and the frames, never its message or its values."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._message(record),
        }
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
            line["frames"] = _frames(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False)

    def _message(self, record: logging.LogRecord) -> str:
        if _holds_exception(record):
            return str(record.msg)
        if record.name == "django.request" and hasattr(record, "request"):
            return _asked(record)
        try:
            return str(record.msg) % _scrubbed(record) if record.args else str(record.msg)
        except (TypeError, ValueError):
            return str(record.msg)


def _holds_exception(record: logging.LogRecord) -> bool:
    args = record.args if isinstance(record.args, tuple) else (record.args,)
    return any(isinstance(value, BaseException) for value in args)


def _asked(record: logging.LogRecord) -> str:
    """Which kind of address was asked for; the address itself may hold whatever somebody typed."""
    found = record.request.resolver_match
    return f"Answered {getattr(record, 'status_code', '')}: {record.request.method} /{found.route if found else '(unknown)'}"


def _scrubbed(record: logging.LogRecord):
    """The arguments without what may say something about a person: values under names of the record, queries."""
    args = record.args
    if isinstance(args, tuple):
        return tuple(_clean(value) for value in args)
    # Celery calls its tasks' names “name”, and writes them in every line about a task.
    kept = {"name": args["name"]} if isinstance(args, dict) and _of_celery(record) else {}
    return _clean(args) | kept if isinstance(args, dict) else _clean(args)


def _of_celery(record: logging.LogRecord) -> bool:
    return record.name.startswith("celery") and "name" in record.args


def _clean(value):
    if isinstance(value, dict):
        return {name: _WITHHELD if str(name) in masked_names() else _clean(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_clean(item) for item in value) if type(value) in (list, tuple) else _WITHHELD
    return _QUERY.sub("", value) if isinstance(value, str) else value


@cache
def masked_names() -> frozenset[str]:
    """The names of all fields whose class is above a pseudonym, and what their values are called on their way."""
    from portal.core.phi import masked_fields

    return masked_fields() | _ON_THE_WAY


def _frames(trace) -> list[str]:
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
