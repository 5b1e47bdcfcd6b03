"""What a running stack leaves in its folder for other programs: who it is and where things are."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.cloud import LOCAL, Cloud
from infra.local.deployment import Deployment

HOME = LOCAL / "stack"
QUEUES = LOCAL / "queues"  # data: beside the stack, which `make clean` removes


class StackError(RuntimeError):
    """One sentence that says why the stack does not run and what to do."""


@dataclass(frozen=True)
class State:
    """What other programs may know of a running stack."""

    pid: int
    url: str
    cloud_port: int
    parameters: dict[str, str]  # of the template, as they were deployed
    deployed: Deployment
    cloud_token: str = ""

    @classmethod
    def read(cls, home: Path) -> State:
        """The state of the stack that runs in this folder."""
        state = json.loads((home / "state.json").read_text())
        return cls(**state | {"deployed": Deployment(**state["deployed"])})

    def write(self, home: Path) -> None:
        """Replace the file at once, so that nobody reads half of it."""
        draft = home / "state.json.new"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(home / "state.json")

    def cloud(self) -> Cloud:
        """The cloud that the stack runs on."""
        return Cloud(self.cloud_port, self.cloud_token)

    def address(self) -> str:
        """Where the cloud serves the REST API."""
        return self.deployed.address(self.cloud())

    def sockets(self) -> str:
        """Where the cloud takes sockets."""
        return self.deployed.sockets(self.cloud())


def remove_state(home: Path) -> None:
    """Remove the state: no stack answers here now."""
    (home / "state.json").unlink(missing_ok=True)


@contextmanager
def own_folder(home: Path) -> Iterator[None]:
    """Hold the folder's lock, which names us; StackError when another stack has it."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(
                "A stack of this checkout runs already: use it, or end it with `make stop`."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        remove_state(home)  # what a killed stack left
        yield


def get_owner(home: Path) -> int | None:
    """The process that runs the stack of this folder, if one does."""
    with suppress(FileNotFoundError), (home / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read() or 0) or None
    return None
