"""The frames on the scorer's socket: four bytes of length (big endian), then one JSON document.

A first byte other than `{` is reserved for tables in Arrow's stream format.
"""

import json
import socket
import struct
import time

LIMIT = 16 * 1024 * 1024
_LENGTH = struct.Struct(">I")


class Closed(ConnectionError):
    """The other side is gone."""


def send(peer: socket.socket, document: dict) -> None:
    """Send one document."""
    body = json.dumps(document, separators=(",", ":")).encode()
    peer.sendall(_LENGTH.pack(len(body)) + body)


def send_raw(peer: socket.socket, body: bytes) -> None:
    """Pass a frame on as it came."""
    peer.sendall(_LENGTH.pack(len(body)) + body)


def receive_raw(peer: socket.socket, *, within: float | None = None) -> bytes:
    """One frame's body; raises Closed at the end and for a frame beyond the limit.

    With `within`, in seconds, TimeoutError when the whole frame is not there by then, however its bytes drip in.
    """
    until = None if within is None else time.monotonic() + within
    (length,) = _LENGTH.unpack(_exactly(peer, _LENGTH.size, until))
    if length > LIMIT:
        raise Closed("a frame beyond the limit")
    return _exactly(peer, length, until)


def receive(peer: socket.socket, *, within: float | None = None) -> dict:
    """One document; raises as receive_raw does."""
    return json.loads(receive_raw(peer, within=within))


def _exactly(peer: socket.socket, count: int, until: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        if until is not None:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            peer.settimeout(left)
        chunk = peer.recv(count - len(parts))
        if not chunk:
            raise Closed("the connection ended")
        parts += chunk
    return bytes(parts)
