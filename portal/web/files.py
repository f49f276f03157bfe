"""Encrypted files on their way out: opened block by block as they are sent."""

from django.http import StreamingHttpResponse

from portal.datasets.runtime.vault import BLOCK, Reader


def as_attachment(file: Reader, name: str) -> StreamingHttpResponse:
    """The plain bytes of a file as a download under this name, which says nothing about whose it is."""
    answer = StreamingHttpResponse(_pieces(file), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Content-Length"] = str(file.size)
    return answer


def _pieces(file: Reader):
    with file:
        while piece := file.read(BLOCK):
            yield piece
