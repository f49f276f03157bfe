"""Files that lie encrypted: AES-256-GCM block by block, under a key of their own, readable from any place.

Each block is `nonce + ciphertext + tag`; the file's name, the block's number and whether it is the last are authenticated
with it, so blocks that were changed, moved, left out or cut off do not open.
"""

import io
import os
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

BLOCK, _NONCE, _TAG = 64 * 1024, 12, 16
_STORED = _NONCE + BLOCK + _TAG


class Tampered(Exception):
    """A block does not open: it was changed, moved or cut off, or the key is another's."""


def new_key() -> bytes:
    """A key for one file."""
    return AESGCM.generate_key(256)


class Writer(io.RawIOBase):
    """Takes plain bytes and puts only encrypted ones on the disk; knows the digest and size of what it took."""

    def __init__(self, path: Path, key: bytes):
        super().__init__()
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        self._file, self._name = os.fdopen(descriptor, "wb"), path.name
        self._cipher, self._waiting, self._blocks = AESGCM(key), bytearray(), 0
        self._digest, self.size = sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        taken = bytes(data)
        self._digest.update(taken)
        self.size += len(taken)
        self._waiting += taken
        while len(self._waiting) > BLOCK:
            self._put(bytes(self._waiting[:BLOCK]), last=False)
            del self._waiting[:BLOCK]
        return len(taken)

    @property
    def digest(self) -> str:
        """The sha256 of everything taken so far."""
        return self._digest.hexdigest()

    def close(self) -> None:
        if not self.closed:
            self._put(bytes(self._waiting), last=True)
            self._waiting.clear()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        super().close()

    def _put(self, plain: bytes, *, last: bool) -> None:
        nonce = os.urandom(_NONCE)
        self._file.write(nonce + self._cipher.encrypt(nonce, plain, _place(self._name, self._blocks, last)))
        self._blocks += 1


class Reader(io.RawIOBase):
    """The plain bytes of such a file, from any place; nothing of them touches the disk."""

    def __init__(self, path: Path, key: bytes):
        super().__init__()
        self._file, self._name, self._cipher = path.open("rb"), path.name, AESGCM(key)
        stored = os.fstat(self._file.fileno()).st_size
        self._blocks = max(1, -(-stored // _STORED))
        self.size = max(0, stored - self._blocks * (_NONCE + _TAG))
        self._at, self._open, self._plain = 0, -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer) -> int:
        number, begin = divmod(self._at, BLOCK)
        if self._at >= self.size:
            self._block(self._blocks - 1)
            return 0
        piece = self._block(number)[begin : begin + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _block(self, number: int) -> bytes:
        if number != self._open:
            self._file.seek(number * _STORED)
            stored = self._file.read(_STORED)
            place = _place(self._name, number, number == self._blocks - 1)
            try:
                self._plain = self._cipher.decrypt(stored[:_NONCE], stored[_NONCE:], place)
            except (InvalidTag, ValueError):
                raise Tampered(self._name) from None
            self._open = number
        return self._plain


def _place(name: str, number: int, last: bool) -> bytes:
    return f"{name}:{number}:{int(last)}".encode()
