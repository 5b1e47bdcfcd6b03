"""Clocks that step: libfaketime under the functions, from Debian's package."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import boto3

from infra.local import debian
from infra.local.cloud import LOCAL
from infra.local.debian import DebianError
from infra.local.stack import Stack


class FakedTimeError(RuntimeError):
    """Why there is no libfaketime here, in a sentence."""


def fetch_library() -> Path:
    """The library to preload; raises FakedTimeError."""
    root = LOCAL / "faketime"
    try:
        # Of the machine's own release: a newer one asks for a newer C library.
        suite = debian.read_codename() or debian.SUITE
        debian.install(["libfaketime"], root, LOCAL / "debian", suite)
    except (DebianError, OSError) as error:
        raise FakedTimeError(str(error).rstrip(".")) from None
    found = sorted(root.glob("usr/lib/*/faketime/libfaketimeMT.so.1"))
    if not found or not _works(found[0]):
        raise FakedTimeError("Debian's libfaketime does not work on this machine")
    return found[0]


def _works(library: Path) -> bool:
    """Whether a program runs with it, and a year ahead."""
    words = [sys.executable, "-c", "import time; print(time.time())"]
    environ = os.environ | {"LD_PRELOAD": str(library), "FAKETIME": "+365d"}
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    return done.returncode == 0 and float(done.stdout) > time.time() + 86_400


def remove_leftovers(since: float) -> None:
    """Removes the shared memory that killed functions have left, from a moment (Unix s) on."""
    for file in Path("/dev/shm").glob("*faketime_s*_*"):
        with suppress(OSError):
            pid, found = file.name.rpartition("_")[2], file.stat()
            is_ours = found.st_uid == os.getuid() and found.st_mtime >= since - 1
            if is_ours and not Path("/proc", pid).exists():
                file.unlink()


class FakedTime:
    """The wall clock of all functions; the monotonic one and the database's are left alone."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self._file = folder / "faketime"
        self.step(0)
        library = fetch_library()
        client = boto3.client("lambda", **stack.cloud.access)
        chosen = {
            "PYTHONPATH": str(Path(__file__).with_name("preload")),
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        for function in client.list_functions()["Functions"]:
            given = function["Environment"]["Variables"]
            client.update_function_configuration(
                FunctionName=function["FunctionName"], Environment={"Variables": given | chosen}
            )

    def step(self, seconds: int) -> None:
        """Sets the clocks so far from the true time; functions follow within a second."""
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{seconds:+d}s\n")
        draft.chmod(0o644)
        draft.replace(self._file)
