"""Sessions: when a player was on a server, as far as its events and heartbeats tell."""

from __future__ import annotations

from functions.shared import db


def settle() -> int:
    """Brings all sessions up to date with what is stored; returns how many people were looked at.

    Whoever reads sessions calls it first. One round trip, and little work while nothing is imported.
    """
    people: int = db.run("select logs.settle() as people")[0]["people"]
    return people
