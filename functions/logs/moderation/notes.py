"""Notes that staff keep about players."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from functions.logs.steam_ids import PersonPath
from functions.shared import db, fields, locks
from functions.shared.errors import BadRequest, Invalid, NotFound

_LONGEST = 4096
REPEAT_SECONDS = 60  # within which the same again is a second click, or a try again


class NewNote(BaseModel):
    """A note; who writes it is known by the token."""

    content: str = Field(min_length=1, max_length=_LONGEST)


class NotePath(PersonPath):
    """Which note of which player; None for what is no id."""

    note_id: fields.OptionalId


class Note(fields.CamelResponse):
    """A note, who wrote it, and when."""

    id: str
    content: str
    staff_name: str
    date: datetime


def parse_body(body: Any) -> NewNote:
    """A note from a JSON body; raises BadRequest in the words of the panel."""
    content = body.get("content") if isinstance(body, dict) else None
    if not isinstance(content, str) or not content.strip():
        raise BadRequest("Missing fields")
    if len(content) > _LONGEST:
        problem = f"must have at most {_LONGEST} characters"
        raise Invalid(f"content {problem}", [{"field": "content", "problem": problem}])
    return NewNote(content=content)


@db.retried
def add(steam_id: str, payload: NewNote, author: str) -> db.Row:
    """Keeps a note, or returns the equal one that its author made within REPEAT_SECONDS.

    Raises NotFound for who is no player.
    """
    with db.transaction():
        lock_person(locks.LOGS_NOTES, steam_id)
        note = db.fetch_one(
            """
            with known as (
              select id, content, author, created_at
              from logs.notes
              where steam_id = %(steam_id)s
                and content = %(content)s
                and author = %(author)s
                and created_at > clock_timestamp() - make_interval(secs => %(repeat)s)
              limit 1
            ), made as (
              insert into logs.notes (steam_id, content, author, created_at)
              select %(steam_id)s, %(content)s, %(author)s, clock_timestamp()
              where exists (select from logs.player_months where steam_id = %(steam_id)s)
                and not exists (select from known)
              returning id, content, author, created_at
            )
            select id, content, author as "staffName", created_at as date
            from (select * from known union all select * from made) as note
            """,
            {
                "steam_id": steam_id,
                "content": payload.content,
                "author": author,
                "repeat": REPEAT_SECONDS,
            },
        )
    if note is None:
        raise NotFound("Player not found")
    return note


def lock_person(seed: int, steam_id: str) -> None:
    """Lets who writes to a player's record wait for whoever does, until the transaction ends."""
    db.query("select pg_advisory_xact_lock(hashtextextended(%s, %s))", (steam_id, seed))


def change(path: NotePath, payload: NewNote) -> db.Row:
    """Replaces what a note says; raises NotFound. One round trip."""
    note = db.fetch_one(
        """
        update logs.notes
        set content = %s, changed_at = now()
        where id = %s
          and steam_id = %s
        returning id, content, author as "staffName", created_at as date
        """,
        (payload.content, path.note_id, path.steam_id),
    )
    if note is None:
        raise NotFound("Note not found")
    return note


def delete(path: NotePath) -> None:
    """Removes a note; raises NotFound. One round trip."""
    found = db.query(
        """
        delete from logs.notes
        where id = %s
          and steam_id = %s
        returning id
        """,
        (path.note_id, path.steam_id),
    )
    if not found:
        raise NotFound("Note not found")


def list_notes(steam_id: str) -> list[db.Row]:
    """A player's notes, the newest first. One round trip."""
    return db.query(
        """
        select id, content, author as "staffName", created_at as date
        from logs.notes
        where steam_id = %s
        order by created_at desc, id
        """,
        (steam_id,),
    )
