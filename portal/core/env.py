"""Reading settings from the environment, secrets also from files (`NAME_FILE`)."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def envstr(name: str, default: str = "") -> str:
    """The text of an environment variable."""
    return os.environ.get(name, default)


def envbool(name: str, default: bool = False) -> bool:
    """A yes-or-no environment variable; anything else refuses to start."""
    text = os.environ.get(name, str(default)).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is “{text}”; allowed are yes and no.")


def envint(name: str, default: int) -> int:
    """A whole number from the environment; anything else refuses to start."""
    text = os.environ.get(name, str(default))
    try:
        return int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is “{text}”; it takes a whole number.") from None


def envwords(name: str) -> list[str]:
    """Words from the environment, separated by commas."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def envminutes(name: str, default: dict[str, int]) -> dict[str, int]:
    """Whole minutes by word, as `word=minutes,…` over the defaults; unknown words and odd numbers refuse to start."""
    found = dict(default)
    for pair in envwords(name):
        word, _, minutes = pair.partition("=")
        if word not in default or not minutes.isdigit() or not 1 <= int(minutes) <= 24 * 60:
            raise ImproperlyConfigured(
                f"{name} has “{pair}”; write {'|'.join(default)}=minutes, with 1 to 1440 minutes, separated by commas."
            )
        found[word] = int(minutes)
    return found


def envsecret(name: str) -> str | None:
    """A secret from NAME, or from the file that NAME_FILE points at; None when neither is set."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text().strip()
    return os.environ.get(name) or None
