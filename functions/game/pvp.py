"""Player against player, which is not played yet: what keeps the arena page of clients quiet."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, RootModel

from functions.game.calls import Call
from functions.shared import db, roles
from functions.shared.fields import ResponseModel


class PvpStats(ResponseModel):
    """A player's duels; `win_rate` in percent."""

    wins: int
    losses: int
    draws: int
    gold_won: int
    gold_lost: int
    gold_wagered: int
    win_rate: float
    current_win_streak: int
    best_win_streak: int


class Opponent(ResponseModel):
    """Somebody to challenge."""

    id: int
    username: str
    level: int
    attack: int
    defense: int


class Opponents(RootModel[list[Opponent]]):
    """Who was there in the last 15 minutes; nobody as yet."""

    model_config = ConfigDict(defer_build=True)


class Duel(ResponseModel):
    """A challenge, or what became of it."""

    id: int
    status: Literal["pending", "accepted", "in_progress"]
    challenger_id: int
    challenger_name: str
    challenger_level: int
    defender_id: int
    defender_name: str
    defender_level: int
    gold_stake: int
    created_at: datetime
    accepted_at: datetime | None
    winner_id: int | None
    battle_id: str | None


class Duels(RootModel[list[Duel]]):
    """The caller's duels; none as yet."""

    model_config = ConfigDict(defer_build=True)


def get_stats(call: Call) -> dict[str, int]:
    """Zeros, for nobody has fought; raises Unauthorized, Forbidden. One round trip."""
    _check(call)
    return dict.fromkeys(PvpStats.model_fields, 0)


def list_opponents(call: Call) -> list[Opponent]:
    """Nobody; raises Unauthorized, Forbidden. One round trip."""
    _check(call)
    return []


def list_duels(call: Call) -> list[Duel]:
    """None; raises Unauthorized, Forbidden. One round trip."""
    _check(call)
    return []


def _check(call: Call) -> None:
    user_id, version, *_ = call
    statement = "select is_active from accounts.caller(%s, %s)"
    roles.check(db.fetch_one(statement, (user_id, version)))
