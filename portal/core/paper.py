"""Pages on paper: a Typst template filled with plain values becomes a PDF that screen readers can read (PDF/UA-1)."""

import io
import json
import secrets
from functools import cache
from pathlib import Path

from django.conf import settings

_FOLDER = "paper"


def pdf(template: str, values: dict) -> bytes:
    """A PDF of `templates/paper/<template>.typ`; the values come in as data and are never read as markup.

    A letter that no font of the machine has makes the PDF one without the mark PDF/UA, rather than none.
    """
    # The compiler takes tens of megabytes: only a process that prints loads it.
    import typst

    given = {"sys_inputs": {"values": json.dumps(values)}, "format": "pdf"}
    try:
        return typst.compile(_source(template), pdf_standards=["ua-1"], **given)
    except typst.TypstError:
        return typst.compile(_source(template), **given)


def locked(content: bytes, password: str) -> bytes:
    """The same PDF, opened by any reader with the password alone: AES-256 (ISO 32000-2, security handler revision 6)."""
    import pikepdf

    # PDF/UA asks that screen readers may read what a person may read; nothing else is allowed.
    allowed = pikepdf.Permissions(
        accessibility=True, extract=False, modify_annotation=False, modify_assembly=False, modify_form=False,
        modify_other=False, print_lowres=True, print_highres=True,
    )  # fmt: skip
    # An empty owner's password would open the file for everybody.
    owner, closed = secrets.token_urlsafe(32), io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as opened:
        opened.save(closed, encryption=pikepdf.Encryption(user=password, owner=owner, R=6, aes=True, allow=allowed))
    return closed.getvalue()


def with_info(content: bytes, info: dict[str, str]) -> bytes:
    """The same PDF with more in its information dictionary, for programs to read."""
    import pikepdf

    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as opened:
        for name, text in info.items():
            opened.docinfo[f"/{name}"] = text
        opened.save(written)
    return written.getvalue()


@cache
def _source(template: str) -> bytes:
    return (Path(settings.ROOT) / "templates" / _FOLDER / f"{template}.typ").read_bytes()
