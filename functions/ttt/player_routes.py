"""`/api/ttt/players`: everybody's numbers, and what one player did."""

from __future__ import annotations

from typing import Any, Literal

from functions.shared import auth, fields
from functions.shared.request import Request
from functions.shared.routing import Routes
from functions.ttt import erasure, form, names, players, profile, sessions

routes = Routes(__name__, family="plain")


class ErasedPlayer(fields.ResponseModel):
    """How many rows were changed or removed, per table."""

    message: Literal["Player erased"]
    removed: dict[str, int]


@routes.get("/api/ttt/players", query=players.PlayersQuery, answers={200: players.Players})
def list_players(request: Request, query: players.PlayersQuery) -> dict[str, Any]:
    """Players and their numbers, sorted by any of them."""
    return players.list_players(query)


@routes.get(
    "/api/ttt/players/{steam_id}",
    query=profile.ProfileQuery,
    answers={200: profile.Profile, 404: "Player not found"},
)
def get_player(request: Request, query: profile.ProfileQuery) -> dict[str, Any]:
    """Everything about one player."""
    return profile.get_profile(query)


@routes.get("/api/ttt/players/{steam_id}/names", query=names.NamesPath, answers={200: names.Names})
def get_names(request: Request, path: names.NamesPath) -> dict[str, Any]:
    """What a player was called, and when."""
    return names.get_names(path.steam_id)


@routes.delete(
    "/api/ttt/players/{steam_id}",
    guard=auth.erase,
    query=names.NamesPath,
    answers={200: ErasedPlayer},
)
def erase_player(request: Request, path: names.NamesPath) -> dict[str, Any]:
    """Erases a person: a tombstone takes their place in the rounds that others played too.

    Needs a key of scope admin.
    """
    assert request.caller
    removed = erasure.erase(path.steam_id, request.caller.name)
    return {"message": "Player erased", "removed": removed}


@routes.get(
    "/api/ttt/players/{steam_id}/form", query=form.FormQuery, answers={200: form.PlayerForm}
)
def get_form(request: Request, query: form.FormQuery) -> dict[str, Any]:
    """How a player did day by day, week by week or month by month."""
    return form.get_form(query)


@routes.get(
    "/api/ttt/players/{steam_id}/sessions",
    query=sessions.SessionsQuery,
    answers={200: sessions.RoundSessions},
)
def list_sessions(request: Request, query: sessions.SessionsQuery) -> dict[str, Any]:
    """A player's sessions by the rounds they were in, the newest first."""
    return sessions.list_sessions(query)
