"""`/api/collect`, `/api/player/update`, `/api/stats`, `/api/ttt`, `/health`: TTT rounds.

A GMod addon sends rounds and names, an old front-end reads rounds, and everybody reads statistics.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from functions.shared import auth, fields
from functions.shared.auth import RequireScope
from functions.shared.errors import BadRequest, Conflict, NotFound, Unauthorized
from functions.shared.request import Caller, Request
from functions.shared.response import Response
from functions.shared.routing import Routes
from functions.ttt import (
    activity,
    buys,
    duos,
    feed,
    karma,
    maps,
    names,
    nemesis,
    newcomers,
    overview,
    quarantine,
    roles,
    round_report,
    rounds,
    weapons,
)

routes = Routes(__name__, family="plain")
# Public numbers: a browser may keep them, but asks each time whether they are still true.
FRESH = {"Cache-Control": "no-cache"}


class ServerKey(RequireScope):
    """A game server's key as X-Api-Key or, GMod being GMod, in the query; 401 for any other."""

    sent_as = ("key", "query")
    refused_as = (HTTPStatus.UNAUTHORIZED,)

    def __call__(self, request: Request) -> Caller:
        key = request.header("x-api-key") or request.query().get("api_key", "")
        caller = auth.authenticate(key) if key else None
        if caller is None or self.scope not in caller.scopes:
            raise Unauthorized("Unauthorized")
        return caller


write = ServerKey("ttt:write")


class Collected(fields.ResponseModel):
    """The round is stored."""

    message: Literal["Stats collected successfully"]
    round_id: str


class Known(fields.ResponseModel):
    """The round was there already, with the same content: nothing changed."""

    message: Literal["Stats already collected"]
    round_id: str
    duplicate: Literal[True]


class Accepted(fields.ResponseModel):
    """The database is down: the round is durably queued, as of now."""

    message: Literal["Stats accepted"]
    round_id: str
    queued: Literal[True]


class Updated(fields.ResponseModel):
    """The name is stored; `queued`: durably, until the database is back."""

    message: Literal[
        "Player created successfully", "Player updated successfully", "Player update accepted"
    ]
    queued: Literal[True] | None = None


class Differs(fields.ResponseModel):
    """The round is there with other content: nothing changed."""

    error: str
    round_id: str
    differences: list[str]


def collect_round(request: Request) -> Response:
    """Stores a round with its players, kills and buys. Sending it again changes nothing."""
    assert request.caller
    server, key = request.caller.owner, request.caller.name
    body = request.text(round_report.MAX_BYTES)
    try:
        report = round_report.parse_body(body)
        done = rounds.record(report, server, key)
    except (BadRequest, Conflict) as problem:
        quarantine.add(body, server, problem.message, key)
        raise
    known: dict[str, Any] = {"round_id": report.round_id}
    if done == "new":
        return Response({"message": "Stats collected successfully", **known}, HTTPStatus.CREATED)
    if done == "queued":
        return Response({"message": "Stats accepted", **known, "queued": True}, HTTPStatus.ACCEPTED)
    return Response({"message": "Stats already collected", **known, "duplicate": True})


def record_name(request: Request) -> Response:
    """Records a player's current name; 201 for the first one."""
    assert request.caller
    done = names.record(names.parse_body(request.text(round_report.MAX_BYTES)), request.caller.name)
    if done == "queued":
        return Response({"message": "Player update accepted", "queued": True}, HTTPStatus.ACCEPTED)
    message = "Player created successfully" if done == "new" else "Player updated successfully"
    return Response({"message": message}, HTTPStatus.CREATED if done == "new" else HTTPStatus.OK)


# Old instructions put the address of the one where the base of both belongs.
for path in ("/api/collect", "/api/collect/collect"):
    routes.post(
        path,
        guard=write,
        body=round_report.RoundReport,
        raw_body=True,
        answers={201: Collected, 200: Known, 202: Accepted, 409: Differs},
    )(collect_round)
for path in ("/api/player/update", "/api/collect/player/update"):
    routes.post(
        path,
        guard=write,
        body=names.NewName,
        raw_body=True,
        answers={200: Updated, 201: Updated, 202: Updated},
    )(record_name)


@routes.get(
    "/api/stats",
    query=feed.FeedQuery,
    answers={200: feed.Feed},
    response_headers=("X-Total-Count", "X-Has-More", "X-Next-Offset", "X-Next-Cursor"),
    headers=FRESH,
    etag=True,
)
def get_feed(request: Request, query: feed.FeedQuery) -> Response:
    """The newest rounds that fit into 5 MB, with gzip many times more than without.

    X-Has-More, X-Next-Offset and X-Next-Cursor go on.
    """
    found = feed.fetch_page(query, packs=request.takes_gzip)
    headers = {
        "Vary": "Accept-Encoding",
        "X-Total-Count": str(found.total),
        "X-Has-More": "false" if found.offset is None else "true",
    }
    if isinstance(found.body, bytes):
        headers["Content-Encoding"] = "gzip"
    if found.offset is not None:
        headers["X-Next-Offset"] = str(found.offset)
    if found.cursor:
        headers["X-Next-Cursor"] = found.cursor
    return Response(found.body, headers=headers)


@routes.get("/health", answers={200: feed.Health, 503: feed.Health})
@routes.get("/api/health", answers={200: feed.Health, 503: feed.Health})
def get_health(request: Request) -> Response:
    """Whether what is stored can be read now."""
    if feed.is_healthy():
        return Response({"status": "ok"})
    return Response({"status": "degraded"}, HTTPStatus.SERVICE_UNAVAILABLE)


@routes.get("/api/ttt/overview", query=overview.OverviewQuery, answers={200: overview.Overview})
def get_overview(request: Request, query: overview.OverviewQuery) -> dict[str, Any]:
    """Totals of a period."""
    return overview.get_overview(query)


@routes.get("/api/ttt/weapons", query=weapons.WeaponsQuery, answers={200: weapons.Weapons})
def list_weapons(request: Request, query: weapons.WeaponsQuery) -> dict[str, Any]:
    """Weapons, the deadliest first."""
    return weapons.list_weapons(query)


@routes.get("/api/ttt/maps", query=maps.MapsQuery, answers={200: maps.Maps})
def list_maps(request: Request, query: maps.MapsQuery) -> dict[str, Any]:
    """Maps, the most played first."""
    return maps.list_maps(query)


@routes.get("/api/ttt/roles", query=roles.RolesQuery, answers={200: roles.Roles})
def list_roles(request: Request, query: roles.RolesQuery) -> dict[str, Any]:
    """Roles, the most played first, and what they turned into."""
    return roles.list_roles(query)


@routes.get("/api/ttt/duos", query=duos.DuosQuery, answers={200: duos.Duos})
def list_duos(request: Request, query: duos.DuosQuery) -> dict[str, Any]:
    """Duos that win together, that lose together, or that just play together."""
    return duos.list_duos(query)


@routes.get("/api/ttt/nemesis", query=nemesis.NemesisQuery, answers={200: nemesis.Nemeses})
def list_nemeses(request: Request, query: nemesis.NemesisQuery) -> dict[str, Any]:
    """Who kills whom, the most kills first."""
    return nemesis.list_nemeses(query)


@routes.get("/api/ttt/rivalries", query=nemesis.RivalriesQuery, answers={200: nemesis.Rivalries})
def list_rivalries(request: Request, query: nemesis.RivalriesQuery) -> dict[str, Any]:
    """Pairs who have killed each other."""
    return nemesis.list_rivalries(query)


@routes.get("/api/ttt/karma", query=karma.KarmaQuery, answers={200: karma.KarmaList})
def list_karma(request: Request, query: karma.KarmaQuery) -> dict[str, Any]:
    """Players by the karma they gain in a round."""
    return karma.list_karma(query)


@routes.get("/api/ttt/activity", query=activity.ActivityQuery, answers={200: activity.Activity})
def get_activity(request: Request, query: activity.ActivityQuery) -> dict[str, Any]:
    """Rounds by weekday and hour of any time zone."""
    return activity.get_activity(query)


@routes.get(
    "/api/ttt/newcomers", query=newcomers.NewcomersQuery, answers={200: newcomers.Newcomers}
)
def list_newcomers(request: Request, query: newcomers.NewcomersQuery) -> dict[str, Any]:
    """Players of each day, new and returning ones."""
    return newcomers.get_newcomers(query)


@routes.get("/api/ttt/buys", query=buys.BuysQuery, answers={200: buys.Items})
def list_buys(request: Request, query: buys.BuysQuery) -> dict[str, Any]:
    """Items, and whether they help to win."""
    return buys.list_items(query)


@routes.get(
    "/api/ttt/rounds/{round_id}",
    query=rounds.RoundPath,
    answers={200: rounds.NamedRound, 404: "Round not found"},
    etag=True,
)
def get_round(request: Request, path: rounds.RoundPath) -> dict[str, Any]:
    """One round with names, and the ids of its rows."""
    found = rounds.get_round(path.round_id)
    if found is None:
        raise NotFound("Round not found")
    return found
