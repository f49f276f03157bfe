"""Texts that can be written down at all."""

import json


def is_whole(value) -> bool:
    """Whether no text in a JSON value holds half a character (a lone surrogate): such a text can be neither kept nor shown."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return False
    return True
