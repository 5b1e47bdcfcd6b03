"""The cache that the tracker does without: Debian's redis-server, private and on a free port."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import create_connection, create_server
from tempfile import TemporaryDirectory

from infra.local import debian
from tests.benchmarks import callee
from tests.benchmarks.caller import ROOT

_LOCAL = ROOT / ".local"
_SECONDS = 10.0  # in which it starts


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server that keeps nothing; it ends with the block."""
    root = _LOCAL / "redis"
    debian.install(["redis-server"], root, _LOCAL / "debian")
    # Debian's own C library serves it, whatever this machine has.
    [loader] = root.glob("usr/lib/*/ld-linux*.so.*")
    program = [loader, "--library-path", loader.parent, root / "usr/bin/redis-server"]
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with TemporaryDirectory() as folder:
        process = subprocess.Popen([*program, *options], cwd=folder, stdout=subprocess.DEVNULL)
        try:
            _await(port, process)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("redis-server does not start.")


def main() -> None:
    """Reads what is cached under each key that it is given, until the end of input."""
    import os

    import redis

    client = redis.Redis.from_url(os.environ["REDIS_URL"])

    def read(key: str, _: object) -> dict[str, int]:
        return {"statusCode": 200 if client.get(key) else 404}

    callee.serve(read)


if __name__ == "__main__":
    main()
