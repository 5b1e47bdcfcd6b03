"""The pool of battles that wait for players: filled when it is read, when a battle ends, and by a
schedule."""

from __future__ import annotations

from dataclasses import dataclass

from functions.game import chance
from functions.shared import db

PLACES = 4  # easy, medium, hard or legendary, raid
DRAWS = 16  # a place: difficulty, wave, and two for each of up to seven enemies


@dataclass
class Report:
    """How many battles were made, and how many were given up."""

    made: int
    abandoned: int


def draw() -> list[int]:
    """The draws that a pool without any battle needs."""
    return chance.draw_many(PLACES * DRAWS)


def keep() -> int:
    """Fills the pool and returns how many battles that took. One round trip."""
    return int(db.fetch_value("select game.keep_pool(%s::bigint[])", (draw(),)))


def maintain() -> Report:
    """Fills the pool, and gives up battles in which nobody struck for a day."""
    return Report(keep(), int(db.fetch_value("select game.abandon_battles()")))
