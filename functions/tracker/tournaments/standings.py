"""Standings: everybody's place, and why it is theirs."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator

from functions.shared import db, tracker_tokens
from functions.shared.errors import Invalid
from functions.shared.fields import RequestModel, ResponseModel, fail_validation
from functions.shared.request import Caller
from functions.shared.response import Response
from functions.tracker.fields import PathId
from functions.tracker.tournaments import models
from functions.tracker.tournaments.rounds import tag
from functions.tracker.tournaments.tournaments import refuse_unknown

if TYPE_CHECKING:  # a battle is read without the engine
    from functions.tracker.engine.standings import Row
    from functions.tracker.tournaments.state import StoredTournament

_TAG = re.compile(r'"(\d{1,9})"')


def _round(sent: Any) -> int | None:
    text = str(sent)
    if text == "" or sent is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        fail_validation("must be a whole number from 0")
    return int(text)


class StandingsQuery(RequestModel):
    """Of which tournament, and after which round; without one after all results."""

    tournament_id: PathId
    round: Annotated[int | None, BeforeValidator(_round, json_schema_input_type=int | None)] = None


class Opponent(ResponseModel):
    """A game as it counts for the opponents' percentages; `why_not` where it does not."""

    user_id: str
    round: int
    result: Literal["W", "D", "L"]
    win_pct: float
    counted: bool
    why_not: str | None


class Explanation(ResponseModel):
    """The first criterion that separates a row from the one above: its own value, and theirs."""

    above: str | None
    decided_by: str | None
    values: list[float | str | None] | None
    opponents: list[Opponent]
    text: str


class Standing(ResponseModel):
    """A place; percentages are shares, to four decimals. `rank` is null in a bracket still open."""

    rank: int | None
    user_id: str
    display_name: str
    army: models.RegisteredArmy
    status: models.RegistrationStatus
    played: int
    wins: int
    losses: int
    draws: int
    byes: int
    match_points: int
    opp_win_pct: float
    opp_opp_win_pct: float
    victory_points: int
    vp_difference: int
    battle_points: int
    win_path: str
    explain: Explanation


class StandingsAnswer(ResponseModel):
    """The table after a round; `final` once the tournament is completed."""

    data: list[Standing]
    round: int
    final: bool
    tiebreakers: list[str]


class Finished(ResponseModel):
    """A tournament that is completed, and its last table."""

    tournament: models.Tournament
    standings: StandingsAnswer


def get_standings(caller: Caller, query: StandingsQuery, known: str) -> Response:
    """The table of a tournament, or that it is as it was (`known`: If-None-Match); raises NotFound,
    Invalid. One round trip.
    """
    versions = [int(version) for version in _TAG.findall(known)]
    row = db.fetch_one(
        """
        select c.is_active, t.version,
          case
            when t.version <> all(%s::integer[])
            then tracker.read_tournament(t.id) || '{"report": null}'  -- why it was paired so: long
          end as stored
        from accounts.session_caller(%s, %s, %s::uuid) as c
        left join lateral tracker.see_tournament(
          %s, row(c.public_id, tracker.to_role(c.role))::tracker.caller
        ) as t on c.is_active
        """,
        (versions, caller.user_id, caller.version, caller.session_id, query.tournament_id),
    )
    found = tracker_tokens.check(row)
    if found["version"] is None:
        raise refuse_unknown(query.tournament_id)
    headers = tag(found["version"])
    if found["stored"] is None:
        return Response("", HTTPStatus.NOT_MODIFIED, headers)
    from functions.tracker.tournaments.state import parse_tournament

    stored = parse_tournament(found["stored"])
    if query.round is not None and query.round > stored.current_round:
        problem = "is a round that is not paired yet"
        raise Invalid(f"round {problem}", [{"field": "round", "problem": problem}])
    return Response(rank(stored, query.round), headers=headers)


def rank(stored: StoredTournament, after_round: int | None = None) -> dict[str, Any]:
    """The table of a tournament after a round, or after all results so far."""
    from functions.tracker.engine.standings import rank_players

    table = rank_players(stored.tournament, after_round)
    names = {player.user_id: player.display_name for player in stored.tournament.players}
    return {
        "data": [_to_standing(row, names[row.user_id], stored) for row in table.rows],
        "round": table.round,
        "final": stored.status == "completed",
        "tiebreakers": stored.rules["tiebreakers"],
    }


def _to_standing(row: Row, name: str, stored: StoredTournament) -> dict[str, Any]:
    explain = row.explain
    return row._asdict() | {
        "display_name": name,
        "army": stored.armies[row.user_id],
        "explain": {
            "above": explain.above,
            "decided_by": explain.decided_by,
            "values": None if explain.values is None else list(explain.values),
            "opponents": [opponent._asdict() for opponent in explain.opponents],
            "text": explain.text,
        },
    }
