"""A disk that can be full: a small tmpfs in a mount namespace that this process alone is in."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path

_NEW_MOUNTS, _NEW_USERS = 0x00020000, 0x10000000  # CLONE_NEWNS, CLONE_NEWUSER
_PRIVATE = 0x4000 | 0x40000  # MS_REC | MS_PRIVATE
_DETACH = 2  # MNT_DETACH
MEGABYTES = 1500
_STEP = 1 << 20


class DiskError(RuntimeError):
    """Why this machine gives us no disk of our own, in a sentence."""


def mount_own_disk(folder: Path) -> None:
    """Puts a tmpfs over a folder, for this process and what it starts from now on.

    As root in a mount namespace of its own, else in a user namespace, too, where we stay who we
    are. Call it before there are threads. Raises DiskError.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    kinds = _NEW_MOUNTS if user == 0 else _NEW_MOUNTS | _NEW_USERS
    _check(libc.unshare(kinds), "unshare")
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _check(libc.mount(b"none", b"/", None, _PRIVATE, None), "making mounts private")
    size = f"size={MEGABYTES}m,mode=0755".encode()
    _check(libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, size), "mounting a tmpfs")


def unmount(folder: Path) -> None:
    """Gives the disk back, with all that is on it."""
    ctypes.CDLL(None).umount2(bytes(folder), _DETACH)


def _check(result: int, what: str) -> None:
    if result:
        raise DiskError(f"{what} is refused: {os.strerror(ctypes.get_errno())}")


def fill(folder: Path) -> Path:
    """Writes a file until the disk is full, and returns it."""
    ballast = folder / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as out:
        step = _STEP
        while step:
            try:
                os.posix_fallocate(out.fileno(), out.seek(0, os.SEEK_END), step)
            except OSError:
                step //= 2
    return ballast
