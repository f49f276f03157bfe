"""Log lines that cannot carry what a patient's record says: exception messages and arguments stay out."""

import json
import logging
import traceback
from pathlib import Path


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
        return str(record.msg) if _holds_exception(record) else record.getMessage()


def _holds_exception(record: logging.LogRecord) -> bool:
    args = record.args if isinstance(record.args, tuple) else (record.args,)
    return any(isinstance(value, BaseException) for value in args)


def _frames(trace) -> list[str]:
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
