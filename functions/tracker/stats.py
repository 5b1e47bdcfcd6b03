"""Statistics of completed battles of matched play, casual ones too, without forfeits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from functions.shared import db, tracker_tokens
from functions.shared.errors import NotFound
from functions.shared.fields import EmptyAsNone, RequestModel, ResponseModel
from functions.shared.request import Caller
from functions.tracker.fields import PathId, Trimmed, refuse_nul
from functions.tracker.pages import PageQuery, Pagination, open_page, parse_whole
from functions.tracker.rates import (
    Rate,
    Record,
    TurnTime,
    make_mean,
    make_rate,
    make_record,
    make_turn_time,
)
from functions.tracker.tournaments.fields import Moment

MAX_FACTIONS = 100  # that a player's statistics show
_MAX_GAMES = 10**9 - 1
Text = Annotated[
    str | None, Field(max_length=100), AfterValidator(refuse_nul), Trimmed, EmptyAsNone
]
When = Annotated[Moment | None, EmptyAsNone]
Least = Annotated[
    int,
    BeforeValidator(
        lambda sent: parse_whole(sent, 0, _MAX_GAMES) if sent else 1, json_schema_input_type=int
    ),
]


class Weeks(RequestModel):
    """Which weeks, from Monday by UTC: from the one that `since` lies in on, and those that begin
    before `until`."""

    since: When = None
    until: When = None


class FactionsQuery(Weeks, PageQuery):
    """What to count: each faction, or each detachment or mission of it (`by`); of a faction, a
    detachment, a mission; rows with `min_games` games or more."""

    by: Annotated[
        Literal["faction", "detachment", "mission"],
        BeforeValidator(lambda sent: sent or "faction"),
    ] = "faction"
    faction_id: Text = None
    detachment: Text = None
    mission: Text = None
    min_games: Least = 1


class MissionsQuery(Weeks, PageQuery):
    """What to count: each mission, or one; rows with `min_games` battles or more."""

    mission: Text = None
    min_games: Least = 1


class PlayerQuery(Weeks):
    """Whose statistics."""

    user_id: PathId


class FactionStats(Record):
    """How a faction does; `detachment` and `mission` are null unless it is counted by them."""

    faction_id: str
    detachment: str | None
    mission: str | None


class Factions(ResponseModel):
    """A page of factions in the order of their names."""

    data: list[FactionStats]
    pagination: Pagination


class MissionStats(ResponseModel):
    """How battles of a mission go: `games` of them, and the points of a player in one.

    `first_turn`: how often its player wins, without games between players of the same faction.
    """

    mission: str
    games: int
    mirror_games: int
    draws: int
    mean_points: float | None
    first_turn: Rate
    turn_time: TurnTime


class Missions(ResponseModel):
    """A page of missions in the order of their names."""

    data: list[MissionStats]
    pagination: Pagination


class FactionRecord(Record):
    """A player's games with a faction."""

    faction_id: str


class PlayerStats(Record):
    """A player's games, and those with each faction: the 100 with most games."""

    user_id: str
    display_name: str
    factions: list[FactionRecord]


class OnePlayer(ResponseModel):
    """A player."""

    player: PlayerStats


class UserNotFound(NotFound):
    """There is no such user."""

    code = "USER_NOT_FOUND"
    message = "No such user"


def list_factions(caller: Caller, query: FactionsQuery) -> dict[str, Any]:
    """A page of factions. One round trip."""
    page = open_page(query, caller.user_id, columns=3)
    rows = db.query(
        """
        select c.is_active, f.*
        from accounts.session_caller(%s, %s, %s::uuid) as c
        left join lateral tracker.list_faction_stats(
          %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s
        ) as f on c.is_active
        """,
        (
            *(caller.user_id, caller.version, caller.session_id),
            *(query.by, query.faction_id, query.detachment, query.mission),
            *(query.since, query.until, query.min_games, *page.after),
            *(page.limit + 1, page.offset),
        ),
    )
    tracker_tokens.check(rows[0] if rows else None)
    found = [row for row in rows if row["faction_id"]]
    key = ("faction_id", "detachment", "mission")
    shown = [{name: row[name] for name in key} | make_record(row) for row in found]
    return page.answer(found, shown, *key)


def list_missions(caller: Caller, query: MissionsQuery) -> dict[str, Any]:
    """A page of missions. One round trip."""
    page = open_page(query, caller.user_id, columns=1)
    rows = db.query(
        """
        select c.is_active, m.*
        from accounts.session_caller(%s, %s, %s::uuid) as c
        left join lateral tracker.list_mission_stats(%s, %s, %s, %s, %s, %s, %s) as m
          on c.is_active
        """,
        (
            *(caller.user_id, caller.version, caller.session_id),
            *(query.mission, query.since, query.until, query.min_games, *page.after),
            *(page.limit + 1, page.offset),
        ),
    )
    tracker_tokens.check(rows[0] if rows else None)
    found = [row for row in rows if row["mission"]]
    return page.answer(found, [_to_mission(row) for row in found], "mission")


def get_player(caller: Caller, query: PlayerQuery) -> dict[str, Any]:
    """A player's statistics; raises NotFound. One round trip."""
    rows = db.query(
        """
        select c.is_active, u.public_id, u.display_name, p.*
        from accounts.session_caller(%s, %s, %s::uuid) as c
        left join lateral accounts.find_users(%s, null) as u on c.is_active
        left join lateral tracker.list_player_stats(u.public_id, %s, %s) as p on true
        """,
        (
            *(caller.user_id, caller.version, caller.session_id),
            *(query.user_id, query.since, query.until),
        ),
    )
    first = tracker_tokens.check(rows[0] if rows else None)
    if first["public_id"] is None:
        raise UserNotFound(user_id=query.user_id)
    played = [row for row in rows if row["faction_id"]]
    return {
        "player": {
            "user_id": first["public_id"],
            "display_name": first["display_name"],
            **make_record(_add_up(played)),
            "factions": [
                {"faction_id": row["faction_id"], **make_record(row)}
                for row in played[:MAX_FACTIONS]
            ],
        }
    }


def _to_mission(row: db.Row) -> dict[str, Any]:
    return {
        "mission": row["mission"],
        "games": row["games"],
        "mirror_games": row["mirror_games"],
        "draws": row["draws"],
        "mean_points": make_mean(row["points"], 2 * row["games"]),
        "first_turn": make_rate(row["first_wins"], row["first_games"]),
        "turn_time": make_turn_time(row),
    }


def _add_up(rows: list[db.Row]) -> Mapping[str, int]:
    """The sums of several rows; a Counter has 0 of what none has."""
    total: Counter[str] = Counter()
    for row in rows:
        total.update({name: n for name, n in row.items() if type(n) is int})
    return total
