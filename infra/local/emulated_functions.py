"""MiniStack's functions: environments that begin quickly, and queues that reach them.

`emulator.py` runs this with MiniStack's own Python: it imports nothing of the project. MiniStack
unpacks a function's code and layers again for each environment, which takes seconds of a busy
machine and some 50 MB of its disk, and every request that comes first waits for it. Here an archive
is unpacked once, and all environments read the same files, as they may on Lambda, where nobody can
write to them.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_NUMBERS = frozenset({"BatchSize", "MaximumBatchingWindowInSeconds"})
_lock = threading.Lock()


def share_files(runtime: Any, folder: Path) -> None:
    """Has MiniStack's module of environments unpack archives into one folder, each once."""
    packed = runtime.zipfile

    class Archive(packed.ZipFile):  # type: ignore[misc, name-defined]
        def extractall(self, path: Any = None, *args: Any, **kwargs: Any) -> None:
            """Puts a link to the unpacked archive in the place of an empty folder."""
            target = Path(path)
            source = Path(self.filename)
            unpacked = _unpack_once(source, folder, super().extractall)
            target.rmdir()
            target.symlink_to(unpacked, target_is_directory=True)

    runtime.zipfile = SimpleNamespace(**vars(packed) | {"ZipFile": Archive})


def read_numbers(functions: Any) -> None:
    """Has MiniStack's Lambda take numbers that a template's parameter gives: they come as text.

    It compares them with numbers, and would deliver no queue's messages any more.
    """
    count = functions._sqs_esm_concurrency

    def counted(mapping: dict[str, Any], *args: Any) -> int:
        if scaling := mapping.get("ScalingConfig"):
            mapping["ScalingConfig"] = {name: int(value) for name, value in scaling.items()}
        for name in _NUMBERS & mapping.keys():
            mapping[name] = int(mapping[name])
        allowed: int = count(mapping, *args)
        return allowed

    functions._sqs_esm_concurrency = counted


def _unpack_once(archive: Path, folder: Path, extract: Callable[[str], None]) -> Path:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()[:32]
    unpacked = folder / digest
    with _lock:
        if not unpacked.exists():
            folder.mkdir(parents=True, exist_ok=True)
            half = tempfile.mkdtemp(dir=folder)
            extract(half)
            os.rename(half, unpacked)
    return unpacked
