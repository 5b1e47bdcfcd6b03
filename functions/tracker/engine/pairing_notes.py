"""Sentences of a pairing report: why there are rematches, and why who has the bye."""

from __future__ import annotations

from collections.abc import Sequence

from functions.tracker.engine.costs import Field
from functions.tracker.engine.tournament import Pairing, Rematch

_BY_HAND = "the round is paired by hand"


def explain(
    field: Field, rematches: Sequence[Rematch], byes: Sequence[int], *, by_hand: bool, is_free: bool
) -> tuple[str, ...]:
    """A sentence for each rematch, repeated bye, and bye that did not go to the last.

    `by_hand` says that the round could be paired better, `is_free` that it could be without a
    rematch.
    """
    names = {player.user_id: player.name for player in field.players}
    why = _BY_HAND if is_free else "no pairing of this round is free of rematches"
    notes = [
        f"{names[one]} and {names[other]} meet again after {_name_rounds(rounds)}: {why}."
        for (one, other), rounds in rematches
    ]
    for bye in byes:
        name = field.players[bye].name
        if free_wins := field.get_free_wins(bye):
            why = _BY_HAND if by_hand else _explain_repeat(field, bye)
            count = f"{free_wins} free win{'s' * (free_wins > 1)}"
            notes.append(f"{name} has the bye after {count}: {why}.")
        if bye < len(field.players) - 1:
            why = _BY_HAND if by_hand else _explain_skipped(field, bye)
            notes.append(f"{name} has the bye and not the last of the order: {why}.")
    return tuple(notes)


def describe_lost_lock(pairing: Pairing) -> str:
    """Why a locked pair is not kept."""
    first, second = pairing.player_ids
    return f"The locked pair of {first} and {second} is given up: one of them does not play."


def _explain_repeat(field: Field, bye: int) -> str:
    fewest = min(field.get_free_wins(place) for place in range(len(field.players)))
    if field.get_free_wins(bye) == fewest:
        return "nobody has had fewer"
    return "a bye for anybody who has had fewer would force a rematch"


def _explain_skipped(field: Field, bye: int) -> str:
    """Why nobody below the receiver has the bye: each costs more in one of the terms before."""
    forces = "would force a rematch"
    if any(field.clubmates):
        forces += " or a pair of one club"
    return ", ".join(
        f"{player.name} has had more free wins"
        if field.get_free_wins(place) > field.get_free_wins(bye)
        else f"a bye for {player.name} {forces}"
        for place, player in enumerate(field.players)
        if place > bye
    )


def _name_rounds(rounds: Sequence[int]) -> str:
    return f"round{'s' * (len(rounds) > 1)} {', '.join(map(str, rounds))}"
