"""`/api/players`, `/api/dashboard` and the rest of the panel: what staff read and write."""

from __future__ import annotations

from typing import Any, Literal

from functions.logs import (
    alt_accounts,
    alt_allowlist,
    analytics,
    dashboard,
    erasure,
    imports,
    notes,
    players,
    profile,
    punishments,
    sessions,
)
from functions.logs.guards import author, eraser, staff
from functions.shared import cursors, db, fields
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__)


class ErasedPlayer(fields.ResponseModel):
    """How many rows were changed or removed, per table."""

    message: Literal["Player erased"]
    removed: dict[str, int]


@routes.get("/api/dashboard", guard=staff, answers={200: dashboard.Dashboard})
def read_dashboard(request: Request) -> dict[str, Any]:
    """All servers at a glance."""
    return dashboard.get_dashboard()


@routes.get(
    "/api/servers/{server_id}/analytics",
    guard=staff,
    query=analytics.AnalyticsQuery,
    answers={200: analytics.Analytics, 404: "Server not found"},
)
def read_analytics(request: Request, ask: analytics.AnalyticsQuery) -> dict[str, Any]:
    """One server over a day, a week or a month."""
    return analytics.get_analytics(ask)


@routes.get(
    "/api/players",
    guard=staff,
    query=players.PlayersQuery,
    answers={200: players.Players},
    response_headers=cursors.HEADERS,
)
def list_players(request: Request, ask: players.PlayersQuery) -> Response:
    """Players, last seen first; X-Has-More and X-Next-Cursor go on."""
    found, more = players.list_players(ask)
    return Response(found, headers=cursors.headers(more))


@routes.get(
    "/api/players/{steam_id}",
    guard=staff,
    query=profile.PlayerPath,
    answers={200: profile.Profile, 404: "Player not found"},
    etag=True,
)
def read_player(request: Request, path: profile.PlayerPath) -> dict[str, Any]:
    """Everything about one player."""
    return profile.get_profile(path.steam_id)


@routes.get(
    "/api/players/{steam_id}/sessions",
    guard=staff,
    query=sessions.SessionsQuery,
    answers={200: sessions.Sessions, 404: "Player not found"},
    response_headers=cursors.HEADERS,
)
def list_sessions(request: Request, ask: sessions.SessionsQuery) -> Response:
    """A player's sessions, newest first; X-Has-More and X-Next-Cursor go on."""
    found, more = sessions.list_sessions(ask)
    return Response(found, headers=cursors.headers(more))


@routes.post(
    "/api/players/{steam_id}/notes",
    guard=staff,
    body=notes.NewNote,
    raw_body=True,
    query=notes.PersonPath,
    answers={201: notes.Note, 404: "Player not found"},
)
def add_note(request: Request, path: notes.PersonPath) -> Response:
    """Keeps a note about a player; its author is who sends it. Within a minute the same is one."""
    sent = notes.parse_body(request.body())
    return Response(notes.add(path.steam_id, sent, author(request)), 201)


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
    answers={204: "The note is gone.", 404: "Note not found"},
)
def remove_note(request: Request, path: notes.NotePath) -> Response:
    """Removes a note."""
    notes.remove(path)
    return Response("", 204)


@routes.post(
    "/api/players/{steam_id}/punishments",
    guard=staff,
    body=punishments.NewPunishment,
    raw_body=True,
    query=notes.PersonPath,
    answers={201: punishments.Punishment, 404: "Player not found"},
)
def punish(request: Request, path: notes.PersonPath) -> Response:
    """Records a punishment; within a minute the same is one. Nothing is sent to a game server."""
    sent = punishments.parse_body(request.body())
    return Response(punishments.add(path.steam_id, sent, author(request)), 201)


@routes.get("/api/suspicious/allow", guard=staff, answers={200: alt_allowlist.Allowances})
def list_allowed(request: Request) -> list[dict[str, Any]]:
    """Households and shared networks, which are no evidence; the newest first."""
    return alt_allowlist.list_allowances()


@routes.post(
    "/api/suspicious/allow",
    guard=staff,
    body=alt_allowlist.NewAllowance,
    answers={201: alt_allowlist.Allowance},
)
def allow(request: Request, sent: alt_allowlist.NewAllowance) -> Response:
    """Allows a household, every pair of it, or a network that many share."""
    return Response(alt_allowlist.add(sent, author(request)), 201)


@routes.delete(
    "/api/suspicious/allow/{allowance_id}",
    guard=staff,
    query=alt_allowlist.AllowancePath,
    answers={204: "It counts as evidence again.", 404: "Allowance not found"},
)
def disallow(request: Request, path: alt_allowlist.AllowancePath) -> Response:
    """Takes an allowance back."""
    alt_allowlist.remove(path.allowance_id, author(request))
    return Response("", 204)


@routes.post(
    "/api/admin/legacy-logs/import",
    guard=staff,
    body=imports.NewImport,
    raw_body=True,
    answers={200: imports.Imported, 400: imports.NotImported, 404: "Server not found"},
)
def import_log(request: Request) -> dict[str, Any]:
    """Stores the events of a text log; what its server sent live is not stored again.

    A body of more than 4 MB must come with a Content-Type and Content-Encoding: gzip.
    """
    return imports.import_log(imports.parse_body(request.text(imports.MAX_BODY)))


@routes.get(
    "/api/suspicious",
    guard=staff,
    query=alt_accounts.SuspiciousQuery,
    answers={200: alt_accounts.Suspicious},
    response_headers=("X-Has-More",),
)
def list_suspicious(request: Request, ask: alt_accounts.SuspiciousQuery) -> Response:
    """Accounts that share an address or a network, with the evidence. Nothing acts on it.

    X-Has-More says whether more would not fit.
    """
    found, more = alt_accounts.list_groups(ask)
    return Response(found, headers={"X-Has-More": "true" if more else "false"})


@routes.delete(
    "/api/players/{steam_id}",
    guard=eraser,
    query=notes.PersonPath,
    answers={200: ErasedPlayer},
)
def erase(request: Request, path: notes.PersonPath) -> dict[str, Any]:
    """Erases a person: a tombstone takes their place in events, which others' numbers rest on."""
    return {
        "message": "Player erased",
        "removed": erasure.erase(path.steam_id, author(request)),
    }
