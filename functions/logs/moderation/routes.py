"""Notes and punishments of `/api/players/{steam_id}`."""

from __future__ import annotations

from http import HTTPStatus

from functions.logs.guards import get_author, staff
from functions.logs.moderation import notes, punishments
from functions.logs.steam_ids import PersonPath
from functions.shared import db
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain")


@routes.post(
    "/api/players/{steam_id}/notes",
    guard=staff,
    body=notes.NewNote,
    raw_body=True,
    query=PersonPath,
    answers={201: notes.Note, 404: "Player not found"},
)
def add_note(request: Request, path: PersonPath) -> Response:
    """Stores a note about a player by its sender, the same note once within a minute."""
    payload = notes.parse_body(request.body())
    return Response(notes.add(path.steam_id, payload, get_author(request)), HTTPStatus.CREATED)


@routes.patch(
    "/api/players/{steam_id}/notes/{note_id}",
    guard=staff,
    body=notes.NewNote,
    raw_body=True,
    query=notes.NotePath,
    answers={200: notes.Note, 404: "Note not found"},
)
def change_note(request: Request, path: notes.NotePath) -> db.Row:
    """Replaces what a note says."""
    return notes.change(path, notes.parse_body(request.body()))


@routes.delete(
    "/api/players/{steam_id}/notes/{note_id}",
    guard=staff,
    query=notes.NotePath,
    answers={204: "The note is deleted.", 404: "Note not found"},
)
def delete_note(request: Request, path: notes.NotePath) -> Response:
    """Removes a note."""
    notes.delete(path)
    return Response("", HTTPStatus.NO_CONTENT)


@routes.post(
    "/api/players/{steam_id}/punishments",
    guard=staff,
    body=punishments.NewPunishment,
    raw_body=True,
    query=PersonPath,
    answers={201: punishments.Punishment, 404: "Player not found"},
)
def add_punishment(request: Request, path: PersonPath) -> Response:
    """Records a punishment, the same one once within a minute. Nothing is sent to a game server."""
    payload = punishments.parse_body(request.body())
    return Response(
        punishments.add(path.steam_id, payload, get_author(request)), HTTPStatus.CREATED
    )
