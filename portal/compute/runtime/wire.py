"""The frames on the scorer's socket: four bytes of length (big endian), then one JSON document.

A first byte other than `{` is reserved for tables in Arrow's stream format.
"""

import json
import socket
import struct

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


def receive_raw(peer: socket.socket) -> bytes:
    """One frame's body; raises Closed at the end and for a frame beyond the limit."""
    (length,) = _LENGTH.unpack(_exactly(peer, _LENGTH.size))
    if length > LIMIT:
        raise Closed("a frame beyond the limit")
    return _exactly(peer, length)


def receive(peer: socket.socket) -> dict:
    """One document."""
    return json.loads(receive_raw(peer))


def _exactly(peer: socket.socket, count: int) -> bytes:
    parts = b""
    while len(parts) < count:
        chunk = peer.recv(count - len(parts))
        if not chunk:
            raise Closed("the connection ended")
        parts += chunk
    return parts
