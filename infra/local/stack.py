"""The local stack: database, cloud, deployed template and edge, all of which end together."""

from __future__ import annotations

import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TextIO

from infra.local import cloud, deployment, logs, queues, state, timescale
from infra.local.cloud import LOCAL, Cloud
from infra.local.deployment import Deployment
from infra.local.edge import Behind, Edge
from infra.local.gateway import Gateway
from infra.local.logs import Journal
from infra.local.sam import ROOT
from infra.local.sockets import Limits
from infra.local.state import State
from infra.local.supervisor import supervise
from infra.local.timescale import Server

_LIMITS = Limits()
_CHOSEN: Mapping[str, str] = MappingProxyType({"TiltKeys": "optional"})


@dataclass(frozen=True)
class Stack:
    """A stack that answers."""

    url: str
    cloud: Cloud
    database: Server
    api_key: str
    journal: Journal
    deployed: Deployment

    @property
    def cloud_endpoint(self) -> str:
        """What AWS tools take as AWS_ENDPOINT_URL."""
        return self.cloud.endpoint


@contextmanager
def running(
    home: Path,
    port: int = 0,
    database: Server | None = None,
    chosen: Mapping[str, str] = _CHOSEN,
    terminal: TextIO | None = None,
    refresh_rate: str = "rate(5 minutes)",
    queued: Path | None = None,
    limits: Limits = _LIMITS,
) -> Iterator[Stack]:
    """A whole stack while the block runs: built, deployed, migrated, on a free port by default.

    `chosen` are parameters of the template. Without a database it starts and stops the checkout's
    own, and starts it again if it dies. What its queues hold when it ends, `queued` keeps for the
    next one. Stacks in different folders do not disturb each other.
    """
    with ExitStack() as ending:
        ending.enter_context(state.own_folder(home))
        journal = Journal(home / "stack.log", terminal)
        keys = secret_keys()
        behind = _behind(home, keys["origin_secret"])
        listening = Edge(port, Gateway(ROOT / "template.yaml"), behind, journal.say, limits)
        ending.callback(listening.close)
        journal.say("Starting; the first time takes a minute.")
        build = ending.enter_context(deployment.build_beside(home))
        given = database.app_url if database else os.environ.get("DATABASE_URL", "")
        kept = queues.get_folder(queued or home / "queues", given)
        left = queues.list_messages(kept)
        local = ending.enter_context(cloud.running(home, kept))
        if database is None:
            ending.callback(timescale.stop)
            database = timescale.start()
            if database.is_ours:
                ending.enter_context(supervise(database, journal.say))
        secret_arns = cloud.furnish(local, _build_secrets(database, keys))
        build.finish()
        parameters = {
            **secret_arns,
            "RefreshRate": refresh_rate,
            "MailFolder": str(LOCAL / "mail"),
            "SocketIdle": f"{limits.idle:g}",
            "SocketAge": f"{limits.age:g}",
            **chosen,
        }
        deployed = deployment.deploy(local, home, parameters)
        deployment.migrate(local, deployed)
        _give_back(local, left, journal)
        ending.callback(state.remove_state, home)
        State(os.getpid(), listening.url, local.port, parameters, deployed, local.token).write(home)
        ending.enter_context(logs.follow_logs(local, deployed.logs, journal))
        yield Stack(listening.url, local, database, keys["api_key"], journal, deployed)


def _give_back(local: Cloud, left: list[Path], journal: Journal) -> None:
    """Queue again what earlier stacks left; not before the migration, for it is drained at once."""
    count = queues.restore_messages(local, left)
    if count:
        journal.say(f"{count} messages that an earlier stack left in its queues are back there.")
    if count < len(left):
        journal.say(f"{len(left) - count} are kept: the template has no queue for them.")


def _build_secrets(database: Server, keys: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What each secret holds, by the parameter that names it."""
    of_store = {"api_key", "signing_key"}
    return {
        "DatabaseSecret": {
            "url": database.app_url,
            **_list_own_stores("url", "DATABASE_URL"),
            "api_key": keys["api_key"],
            "signing_keys": [keys["signing_key"]],
        },
        "AccountsSecret": {name: keys[name] for name in keys if name not in of_store},
        "MigrateSecret": {
            "migrate_url": database.admin_url,
            **_list_own_stores("migrate_url", "MIGRATE_URL", "DATABASE_URL"),
        },
    }


def _list_own_stores(key: str, *variables: str) -> dict[str, str]:
    """The URLs of domains with a store of their own, as the environment gives them."""
    found = {}
    for domain in ("ttt", "tilt", "logs"):
        given = (os.environ.get(f"{variable}_{domain.upper()}") for variable in variables)
        if url := next(filter(None, given), None):
            found[f"{key}_{domain}"] = url
    return found


def _behind(home: Path, origin_secret: str = "") -> Callable[[], Behind | None]:
    """Where the API is now, as a later `make deploy-local` may have put it elsewhere."""
    file = home / "state.json"
    known: dict[int, Behind] = {}

    def behind() -> Behind | None:
        try:
            changed = file.stat().st_mtime_ns
            if changed not in known:
                known.clear()
                read = State.read(home)
                known[changed] = Behind(
                    *(read.address(), read.sockets(), read.cloud_token),
                    origin_secret,
                )
        except FileNotFoundError:
            return None
        return known[changed]

    return behind


def secret_keys() -> dict[str, str]:
    """What the checkout's secrets hold beside URLs, made once; API_KEY overrides the one there."""
    file = LOCAL / "keys.json"
    if not file.exists():
        LOCAL.mkdir(exist_ok=True)
        made = {"api_key": secrets.token_urlsafe(32), "signing_key": secrets.token_urlsafe(48)}
        with tempfile.NamedTemporaryFile("w", dir=LOCAL) as draft:  # readable by its owner alone
            json.dump(made, draft)
            draft.flush()
            with suppress(FileExistsError):  # another stack was first
                os.link(draft.name, file)
    keys: dict[str, str] = json.loads(file.read_text())
    derived = {
        name: hmac.digest(keys["signing_key"].encode(), name.encode(), "sha256").hex()
        for name in ("token_key", "tracker_key", "password_pepper", "origin_secret")
    }
    chosen = {"api_key": os.environ.get("API_KEY") or keys["api_key"]}
    unused = dict.fromkeys(("token_key_previous", "tracker_key_previous"), "")
    return derived | unused | keys | chosen
