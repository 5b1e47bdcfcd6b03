"""Servers: who sends logs, whether they are alive, and who plays there now."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
)

from functions.logs.game_modes import MODES
from functions.logs.servers import keys
from functions.shared import db, fields
from functions.shared.errors import BadRequest, NotFound

ALIVE_SECONDS = 120  # a server without a sign of life for longer is offline


def _mode(value: Any) -> str:
    mode = MODES.get(value.strip().lower()) if isinstance(value, str) else None
    if mode is None:
        raise BadRequest("Invalid game mode")
    return mode


Name = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=128)
]
Address = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=64)
]
Port = Annotated[int, Field(strict=True, ge=1, le=65_535), BeforeValidator(fields.to_integer)]
MaxPlayers = Annotated[int, Field(strict=True, ge=1, le=1000), BeforeValidator(fields.to_integer)]
Mode = Annotated[str, BeforeValidator(_mode, json_schema_input_type=str)]


class NewServer(fields.BracketPathModel, fields.CamelModel):
    """A server as an admin registers it; `mode` in any case."""

    name: Name
    ip: Address
    port: Port
    mode: Mode
    max_players: MaxPlayers


class ServerChange(fields.BracketPathModel, fields.CamelModel):
    """What to change of a server; what is absent stays."""

    name: Name | None = None
    ip: Address | None = None
    port: Port | None = None
    mode: Mode | None = None
    max_players: MaxPlayers | None = None
    maintenance: bool | None = None


class ServerPath(fields.BracketPathModel):
    """Which server."""

    server_id: str


class Server(fields.CamelResponse):
    """A server; offline ones have no players."""

    id: str
    name: str
    ip: str
    port: int
    mode: Literal["TTT", "Sandbox", "Murder"]
    status: Literal["online", "offline", "maintenance"]
    current_players: int
    max_players: int
    current_map: str | None
    last_heartbeat: datetime | None


class MadeServer(Server):
    """A new server with its key, which is shown this once."""

    api_key: str


class Servers(RootModel[list[Server]]):
    """All servers, the oldest first."""

    model_config = ConfigDict(defer_build=True)


class LiveServer(fields.CamelResponse):
    """A server that is online; it shows neither its address nor its port."""

    id: str
    name: str
    mode: Literal["TTT", "Sandbox", "Murder"]
    map: str | None
    players: int
    max_players: int
    last_seen: datetime


class LiveServers(RootModel[list[LiveServer]]):
    """The servers that are online and not in maintenance, the fullest first."""

    model_config = ConfigDict(defer_build=True)


def parse_body(body: Any) -> NewServer:
    """A new server from a JSON body; raises BadRequest in the panel's words."""
    wanted = ("name", "ip", "port", "mode", "maxPlayers")
    if not isinstance(body, dict) or any(body.get(name) in (None, "") for name in wanted):
        raise BadRequest("Missing fields")
    return fields.parse(NewServer, body)


@db.retried
def create(payload: NewServer, actor: str) -> dict[str, Any]:
    """Makes a server and its first key, as a MadeServer; `actor` is who asked for it."""
    server_id = f"srv_{secrets.token_hex(6)}"
    with db.transaction():
        db.query(
            """
            insert into logs.servers (id, name, ip, port, mode, max_players)
            values (%s, %s, %s, %s, %s, %s)
            """,
            (server_id, payload.name, payload.ip, payload.port, payload.mode, payload.max_players),
        )
        issued = keys.issue(server_id, actor)
        return {**get_server(server_id), "apiKey": issued["apiKey"]}


def list_servers() -> list[db.Row]:
    """All servers, the oldest first. One round trip."""
    return _found(None)


def get_server(server_id: str) -> db.Row:
    """A server; raises NotFound. One round trip."""
    found = _found(server_id)
    if not found:
        raise NotFound("Server not found")
    return found[0]


def _found(server_id: str | None) -> list[db.Row]:
    return db.query(
        """
        with server as (
          select *, last_seen_at >= now() - make_interval(secs => %(alive)s) as is_alive
          from logs.servers
          where deleted_at is null
            and (%(id)s::text is null or id = %(id)s)
        )
        select id, name, ip, port, mode,
          case when maintenance then 'maintenance' when is_alive then 'online' else 'offline' end
            as status,
          case when is_alive then players else 0 end as "currentPlayers",
          max_players as "maxPlayers", map as "currentMap", last_seen_at as "lastHeartbeat"
        from server
        order by created_at, id
        """,
        {"id": server_id, "alive": ALIVE_SECONDS},
    )


def list_live_servers() -> list[db.Row]:
    """The servers that are online, as LiveServers. One round trip."""
    return db.query(
        """
        select id, name, mode, map, players, max_players as "maxPlayers",
          last_seen_at as "lastSeen"
        from logs.servers
        where deleted_at is null
          and not maintenance
          and last_seen_at >= now() - make_interval(secs => %s)
        order by players desc, name, id
        """,
        (ALIVE_SECONDS,),
    )


def change(server_id: str, payload: ServerChange) -> db.Row:
    """Changes what is named, and returns the server; raises NotFound and BadRequest."""
    found = db.query(
        """
        update logs.servers
        set name = coalesce(%(name)s, name),
          ip = coalesce(%(ip)s, ip),
          port = coalesce(%(port)s, port),
          mode = coalesce(%(mode)s, mode),
          max_players = coalesce(%(max_players)s, max_players),
          maintenance = coalesce(%(maintenance)s, maintenance)
        where id = %(id)s
          and deleted_at is null
        returning id
        """,
        {**payload.model_dump(), "id": server_id},
    )
    if not found:
        raise NotFound("Server not found")
    return get_server(server_id)


@db.retried
def delete(server_id: str, actor: str) -> None:
    """Removes a server; its keys die at once, its logs stay. Raises NotFound."""
    with db.transaction():
        found = db.query(
            """
            with gone as (
              update logs.servers
              set deleted_at = now()
              where id = %s
                and deleted_at is null
              returning id
            )
            insert into shared.audit (action, subject, actor)
            select 'server.delete', id, %s
            from gone
            returning subject
            """,
            (server_id, actor),
        )
        if not found:
            raise NotFound("Server not found")
        keys.revoke_all(server_id)
