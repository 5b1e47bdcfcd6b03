"""Who the database server runs as: PostgreSQL refuses root, so root hands it to another user."""

import hashlib
import os
import pwd
import subprocess
from pathlib import Path
from typing import TypedDict

_ELSEWHERE = Path("/var/lib/tiltyard")


class Drop(TypedDict, total=False):
    """The arguments of subprocess.run that make a child run as the server's user; empty for us."""

    user: int
    group: int
    extra_groups: list[int]


def find_server_user() -> pwd.struct_passwd | None:
    """The user that PostgreSQL must run as, or None when that is whoever runs this."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def drop_privileges() -> Drop:
    """What to add to subprocess.run so that the child is the server's user."""
    user = find_server_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def give_to_server(path: Path) -> None:
    """Make a file or folder the server's own."""
    user = find_server_user()
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)


def make_reachable(folder: Path) -> Path:
    """The folder, or its stand-in under /var/lib when the server's user cannot get to it.

    A checkout below /root, or a temporary folder of root, is closed to every other user.
    """
    folder = folder.absolute()
    if not find_server_user():
        return folder
    nearest = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    asked = subprocess.run(["test", "-x", nearest], **drop_privileges(), cwd="/", check=False)
    if asked.returncode == 0:
        return folder
    _ELSEWHERE.mkdir(parents=True, exist_ok=True)
    _ELSEWHERE.chmod(0o755)  # root's umask may say otherwise
    return _ELSEWHERE / hashlib.sha256(bytes(folder)).hexdigest()[:16]
