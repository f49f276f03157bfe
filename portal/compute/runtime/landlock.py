"""Landlock, the kernel's own fence for files, TCP and signals (Linux 5.13 and later), through ctypes."""

import ctypes
import os
import struct

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
_IOCTL_ABI, _TCP_ABI, _SCOPE_ABI = 5, 4, 6
_PR_SET_NO_NEW_PRIVS = 38
_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """The version of Landlock that the kernel answers with; 0 when there is none."""
    return max(0, _libc.syscall(_CREATE, None, 0, 1))


def no_new_privileges() -> bool:
    """Give up gaining rights by executing programs."""
    return _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0


def restrict(*, read: list[str], write: list[str]) -> int:
    """Allow only these trees, no TCP and no signals outward; returns the version in force, 0 when there is none."""
    version = abi()
    if not version:
        return 0
    files = _FILE_RIGHTS[min(version, 3)] | ((1 << 15) if version >= _IOCTL_ABI else 0)
    attributes = struct.pack("QQQ", files, 3 if version >= _TCP_ABI else 0, 3 if version >= _SCOPE_ABI else 0)
    size = 24 if version >= _SCOPE_ABI else 16 if version >= _TCP_ABI else 8
    ruleset = _libc.syscall(_CREATE, attributes, size, 0)
    if ruleset < 0:
        return 0
    for path in read:
        _allow(ruleset, path, _READ)
    for path in write:
        _allow(ruleset, path, files)
    done = _libc.syscall(_RESTRICT, ruleset, 0)
    os.close(ruleset)
    return version if done == 0 else 0


def _allow(ruleset: int, path: str, rights: int) -> None:
    if not os.path.exists(path):
        return
    if not os.path.isdir(path):
        rights &= _EXECUTE | _WRITE_FILE | _READ_FILE
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _libc.syscall(_ADD, ruleset, 1, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)
