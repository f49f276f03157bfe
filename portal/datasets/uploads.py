"""Files on their way in: encrypted as they arrive, so that no plain byte of them touches the disk.

The handler is the only one of the whole portal (settings.FILE_UPLOAD_HANDLERS): a file that is sent to any other address,
or by somebody who may not send one, is thrown away as it arrives.
"""

from dataclasses import dataclass

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from portal.access.actors import rights_of
from portal.access.permissions import Permission
from portal.core.ids import new_id
from portal.datasets import store
from portal.datasets.runtime.vault import Writer, new_key


@dataclass(frozen=True)
class Door:
    """An address that takes a file: from whom, how large (bytes, or a setting's name), and how many in one request."""

    right: Permission
    largest: str | int
    files: int = 1

    @property
    def most(self) -> int:
        """How large a file may be."""
        return self.largest if isinstance(self.largest, int) else getattr(settings, self.largest)


DOORS = {
    "lab:dataset-upload": Door(Permission.DATASET_UPLOAD, "DATASET_MAX_BYTES"),
    "lab:model-new": Door(Permission.MODEL_REGISTER, "MODEL_MAX_BYTES"),
    "clinic:form": Door(Permission.PREDICTION_RUN, "SIGNAL_MAX_BYTES"),
    "lab:card-bring": Door(Permission.CARD_WRITE, 500_000),
}


class Upload:
    """One received file: its encrypted place and key, digest and size; gone with the request unless it is taken."""

    def __init__(self, stored: str, key: bytes, writer: Writer):
        self.stored, self.key, self.taken = stored, key, False
        self.digest, self.size = writer.digest, writer.size

    def close(self) -> None:
        """Called by Django at the request's end."""
        if not self.taken:
            store.incoming(self.stored).unlink(missing_ok=True)


def receive(content: bytes) -> Upload:
    """Seal a file that a program sent inside a document, as if it had arrived by a form."""
    stored, key = new_id(), new_key()
    with Writer(store.incoming(stored), key) as writer:
        writer.write(content)
    return Upload(stored, key, writer)


class SealingUploadHandler(FileUploadHandler):
    """Writes what arrives through the cipher."""

    _writer: Writer | None = None
    _files = 0

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self._door, self._files = _door(self.request), self._files + 1
        if self._door is None or self._files > self._door.files:
            raise SkipFile
        self._stored, self._key = new_id(), new_key()
        self._writer = Writer(store.incoming(self._stored), self._key)

    def receive_data_chunk(self, raw_data, start):
        if start + len(raw_data) > self._door.most:
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


def _door(request) -> Door | None:
    found, person = request.resolver_match, request.user
    door = DOORS.get(found.view_name) if found is not None else None
    return door if door and person.is_authenticated and door.right in rights_of(person) else None
