"""Files on their way in: encrypted as they arrive, so that no plain byte of them touches the disk.

The handler is the only one of the whole portal (settings.FILE_UPLOAD_HANDLERS): a file that is sent to any other address,
or by somebody who may not send one, is thrown away as it arrives.
"""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from portal.access.actors import rights_of
from portal.access.permissions import Permission
from portal.core.ids import new_id
from portal.datasets import store
from portal.datasets.runtime.vault import Writer, new_key

ROUTE = "lab:dataset-upload"


class Upload:
    """One received file: its encrypted place and key, digest and size; gone with the request unless it is taken."""

    def __init__(self, stored: str, key: bytes, writer: Writer):
        self.stored, self.key, self.taken = stored, key, False
        self.digest, self.size = writer.digest, writer.size

    def close(self) -> None:
        """Called by Django at the request's end."""
        if not self.taken:
            store.incoming(self.stored).unlink(missing_ok=True)


class SealingUploadHandler(FileUploadHandler):
    """Writes what arrives through the cipher."""

    _writer: Writer | None = None

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        if not _expected(self.request):
            raise SkipFile
        self._stored, self._key = new_id(), new_key()
        self._writer = Writer(store.incoming(self._stored), self._key)

    def receive_data_chunk(self, raw_data, start):
        if start + len(raw_data) > settings.DATASET_MAX_BYTES:
            self.request.upload_too_large = True
            self._drop()
            raise SkipFile
        self._writer.write(raw_data)

    def file_complete(self, file_size):
        if self._writer is None:
            return None
        self._writer.close()
        upload, self._writer = Upload(self._stored, self._key, self._writer), None
        return upload

    def upload_interrupted(self):
        self._drop()

    def _drop(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            store.incoming(self._stored).unlink(missing_ok=True)


def _expected(request) -> bool:
    found, person = request.resolver_match, request.user
    named = found is not None and found.view_name == ROUTE
    return named and person.is_authenticated and Permission.DATASET_UPLOAD in rights_of(person)
