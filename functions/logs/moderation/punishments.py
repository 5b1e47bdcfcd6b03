"""Punishments that staff gave: a record, nothing is sent to a game server."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from functions.logs.moderation import notes
from functions.shared import db, fields, locks
from functions.shared.errors import BadRequest, NotFound

_TYPES = ("BAN", "MUTE", "GAG", "KICK", "WARN")
_LONGEST_DURATION = 64


def _duration(value: Any) -> str | None:
    """A text or a number as a text, cut; None for an empty one."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        fields.fail_validation("must be text or a number")
    return None if value is None else str(value)[:_LONGEST_DURATION] or None


class NewPunishment(fields.BracketPathModel):
    """A punishment; who gave it is known by the token."""

    type: str
    reason: str = Field(max_length=4096)
    duration: Annotated[
        str | None, BeforeValidator(_duration, json_schema_input_type=str | float | None)
    ] = None
    active: bool | None = None


class Punishment(fields.CamelResponse):
    """A punishment, who gave it, when, and whether it still counts."""

    id: str
    type: Literal["BAN", "MUTE", "GAG", "KICK", "WARN"]
    reason: str
    staff_name: str
    date: datetime
    duration: str | None = None
    active: bool


def parse_body(body: Any) -> NewPunishment:
    """A punishment from a JSON body; raises BadRequest in the words of the panel."""
    if not isinstance(body, dict) or not all(_is_filled(body.get(n)) for n in ("type", "reason")):
        raise BadRequest("Missing fields")
    payload = fields.parse(NewPunishment, body)
    kind = payload.type.strip().upper()
    if kind not in _TYPES:
        raise BadRequest("Invalid type")
    return payload.model_copy(update={"type": kind})


def _is_filled(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


@db.retried
def add(steam_id: str, payload: NewPunishment, author: str) -> dict[str, Any]:
    """Records a punishment, or returns the equal one that its author gave a moment before.

    Raises NotFound for who is no player.
    """
    with db.transaction():
        notes.lock_person(locks.LOGS_PUNISHMENTS, steam_id)
        punishment = db.fetch_one(
            """
            with known as (
              select id, type, reason, author, created_at, duration, active
              from logs.punishments
              where steam_id = %(steam_id)s
                and (type, reason, active, author)
                  = (%(type)s, %(reason)s, %(active)s, %(author)s)
                and duration is not distinct from %(duration)s
                and created_at > clock_timestamp() - make_interval(secs => %(repeat)s)
              limit 1
            ), made as (
              insert into logs.punishments
                (steam_id, type, reason, duration, active, author, created_at)
              select %(steam_id)s, %(type)s, %(reason)s, %(duration)s, %(active)s, %(author)s,
                clock_timestamp()
              where exists (select from logs.player_months where steam_id = %(steam_id)s)
                and not exists (select from known)
              returning id, type, reason, author, created_at, duration, active
            )
            select id, type, reason, author as "staffName", created_at as date, duration, active
            from (select * from known union all select * from made) as punishment
            """,
            {
                "steam_id": steam_id,
                "type": payload.type,
                "reason": payload.reason,
                "duration": payload.duration,
                "active": True if payload.active is None else payload.active,
                "author": author,
                "repeat": notes.REPEAT_SECONDS,
            },
        )
    if punishment is None:
        raise NotFound("Player not found")
    return _to_response(punishment)


def list_punishments(steam_ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The punishments of each of these players who has some, the newest first. One round trip."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in db.query(
        """
        select steam_id, id, type, reason, author as "staffName", created_at as date, duration,
          active
        from logs.punishments
        where steam_id = any(%s)
        order by created_at desc, id
        """,
        (steam_ids,),
    ):
        found[row.pop("steam_id")].append(_to_response(row))
    return dict(found)


def _to_response(row: db.Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
