"""Notes that staff keep about players."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from functions.logs.allowed import OptionalId
from functions.shared import db, wire
from functions.shared.errors import BadRequest, Invalid, NotFound

_LONGEST = 4096


class NewNote(BaseModel):
    """A note; who writes it is known by the token."""

    content: str = Field(min_length=1, max_length=_LONGEST)


class PersonPath(wire.Terse):
    """Which player."""

    steam_id: str


class NotePath(PersonPath):
    """Which note of which player; None for what is no id."""

    note_id: OptionalId


class Note(wire.Shape):
    """A note, who wrote it, and when."""

    id: str
    content: str
    staffName: str  # noqa: N815  the wire's name
    date: datetime


def read(body: Any) -> NewNote:
    """A note from a JSON body; raises BadRequest in the words of the panel."""
    content = body.get("content") if isinstance(body, dict) else None
    if not isinstance(content, str) or not content.strip():
        raise BadRequest("Missing fields")
    if len(content) > _LONGEST:
        problem = f"must have at most {_LONGEST} characters"
        raise Invalid(f"content {problem}", [{"field": "content", "problem": problem}])
    return NewNote(content=content)


def add(steam_id: str, sent: NewNote, author: str) -> db.Row:
    """Keeps a note; raises NotFound for who is no player. One round trip."""
    made = db.run(
        """
        insert into logs.notes (steam_id, content, author)
        select %(steam_id)s, %(content)s, %(author)s
        where exists (select from logs.player_months where steam_id = %(steam_id)s)
        returning id, content, author as "staffName", created_at as date
        """,
        {"steam_id": steam_id, "content": sent.content, "author": author},
    )
    if not made:
        raise NotFound("Player not found")
    return made[0]


def change(path: NotePath, sent: NewNote) -> db.Row:
    """Replaces what a note says; raises NotFound. One round trip."""
    found = db.run(
        """
        update logs.notes
        set content = %s, changed_at = now()
        where id = %s
          and steam_id = %s
        returning id, content, author as "staffName", created_at as date
        """,
        (sent.content, path.note_id, path.steam_id),
    )
    if not found:
        raise NotFound("Note not found")
    return found[0]


def remove(path: NotePath) -> None:
    """Removes a note; raises NotFound. One round trip."""
    found = db.run(
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


def of(steam_id: str) -> list[db.Row]:
    """A player's notes, the newest first. One round trip."""
    return db.run(
        """
        select id, content, author as "staffName", created_at as date
        from logs.notes
        where steam_id = %s
        order by created_at desc, id
        """,
        (steam_id,),
    )
