"""The local stack: database, cloud, deployed template and edge, all of which end together."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from infra.local import cloud, deployment, logs, timescale
from infra.local.cloud import LOCAL, Cloud
from infra.local.deployment import Deployment
from infra.local.edge import Behind, Edge
from infra.local.gateway import Gateway
from infra.local.logs import Journal
from infra.local.sam import ROOT
from infra.local.timescale import Server

HOME = LOCAL / "stack"


class StackError(RuntimeError):
    """One sentence that says why the stack does not run and what to do."""


@dataclass(frozen=True)
class State:
    """What a running stack tells other programs, in a file that only its user may read."""

    pid: int
    url: str
    cloud_port: int
    secret: str
    tilt_keys: str
    deployed: Deployment

    @classmethod
    def read(cls, home: Path) -> State:
        """The state of the stack that runs in this folder."""
        told = json.loads((home / "state.json").read_text())
        return cls(**told | {"deployed": Deployment(**told["deployed"])})

    def write(self, home: Path) -> None:
        """Replace the file at once, so that nobody reads half of it."""
        draft = home / "state.json.new"
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(home / "state.json")


@dataclass(frozen=True)
class Stack:
    """A stack that answers."""

    url: str
    cloud: Cloud
    database: Server
    api_key: str
    journal: Journal

    @property
    def cloud_endpoint(self) -> str:
        """What AWS tools take as AWS_ENDPOINT_URL."""
        return self.cloud.endpoint


@contextmanager
def running(
    home: Path,
    port: int = 0,
    database: Server | None = None,
    tilt_keys: str = "optional",
    terminal: TextIO | None = None,
) -> Iterator[Stack]:
    """A whole stack while the block runs: built, deployed, migrated, on a free port by default.

    Without a database it starts and stops the checkout's own. Stacks in different folders do not
    disturb each other.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as ending:
        ending.enter_context(_alone(home))
        journal = Journal(home / "stack.log", terminal)
        listening = Edge(port, Gateway(ROOT / "template.yaml"), _behind(home), journal.say)
        ending.callback(listening.close)
        journal.say("Starting; the first time takes a minute.")
        build = ending.enter_context(deployment.building(home))
        local = ending.enter_context(cloud.running(home))
        if database is None:
            ending.callback(timescale.stop)
            database = timescale.start()
        keys = _keys()
        secret = cloud.furnish(
            local, {"url": database.app_url, "migrate_url": database.admin_url, **keys}
        )
        build.finish()
        deployed = deployment.deploy(local, home, secret, tilt_keys)
        deployment.migrate(local, deployed)
        ending.callback((home / "state.json").unlink, missing_ok=True)
        State(os.getpid(), listening.url, local.port, secret, tilt_keys, deployed).write(home)
        ending.enter_context(logs.followed(local, deployed.logs, journal))
        yield Stack(listening.url, local, database, keys["api_key"], journal)


def _behind(home: Path) -> Callable[[], Behind | None]:
    """Where the API is now, as a later `make deploy-local` may have put it elsewhere."""
    file = home / "state.json"
    known: dict[int, Behind] = {}

    def behind() -> Behind | None:
        try:
            changed = file.stat().st_mtime_ns
            if changed not in known:
                known.clear()
                state = State.read(home)
                known[changed] = Behind(state.deployed.address(Cloud(state.cloud_port)))
        except FileNotFoundError:
            return None
        return known[changed]

    return behind


def _keys() -> dict[str, str]:
    """The checkout's bootstrap API key and signing key, made once; API_KEY overrides the former."""
    file = LOCAL / "keys.json"
    if not file.exists():
        LOCAL.mkdir(exist_ok=True)
        made = {"api_key": secrets.token_urlsafe(32), "signing_key": secrets.token_urlsafe(48)}
        with (
            suppress(FileExistsError),
            open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out,
        ):
            json.dump(made, out)
    keys: dict[str, str] = json.loads(file.read_text())
    return keys | {"api_key": os.environ.get("API_KEY") or keys["api_key"]}


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the folder's lock, which names us; StackError when another stack has it."""
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
        yield


def owner(home: Path) -> int | None:
    """The process that runs the stack of this folder, if one does."""
    with suppress(FileNotFoundError), (home / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read() or 0) or None
    return None
