"""Players who leave a running tournament."""

from __future__ import annotations

from typing import Literal, NamedTuple

from functions.tracker.engine.corrections import AffectedMatch, replace_pairing, update_bracket
from functions.tracker.engine.records import read_history, sort_active
from functions.tracker.engine.tournament import Bye, Pairing, PlayerStatus, Result, Tournament


class Departure(NamedTuple):
    """The tournament without the player, to be stored as a `Correction` is.

    `forfeited` is the open game that the opponent wins. With `repair`, `repaired` is the pairing
    that takes its table instead; then nothing is forfeited, and the old battle is cancelled.
    """

    tournament: Tournament
    forfeited: Pairing | None
    repaired: Pairing | None
    affected_matches: tuple[AffectedMatch, ...]
    cancelled: tuple[Pairing, ...]


def drop_player(
    tournament: Tournament,
    user_id: str,
    *,
    kind: Literal["drop", "no_show", "disqualified"] = "drop",
    repair: bool = False,
) -> Departure:
    """Takes a player out of the running tournament: not paired again, keeps rank and games.

    An open game is won by the opponent without being played. `repair` pairs the opponent with whom
    has the bye, in Swiss, also where the player has left before.
    """
    pairing = _find_last(tournament, user_id)
    bye = _find_idle(tournament, user_id, pairing) if repair and pairing else None
    if pairing and bye:
        repaired, made = _repair(tournament, user_id, pairing, bye)
        return Departure(_mark(repaired, user_id, kind), None, made, (), (pairing,))
    forfeited = None
    if pairing and not pairing.result:
        forfeited = _forfeit(tournament, user_id, pairing)
        tournament = replace_pairing(tournament, len(tournament.rounds), pairing, forfeited)
    tournament = _mark(tournament, user_id, kind)
    if tournament.format == "swiss":
        return Departure(tournament, forfeited, None, (), ())
    update = update_bracket(tournament)
    return Departure(tournament._replace(rounds=update.rounds), forfeited, None, *update[1:])


def _find_last(tournament: Tournament, user_id: str) -> Pairing | None:
    """The player's game of the last round, while it is open or lost without being played."""
    for pairing in tournament.rounds[-1].pairings if tournament.rounds else ():
        if user_id in pairing.player_ids and not pairing.is_cancelled:
            result = pairing.result
            is_unplayed = result and result.result_type == "forfeit" and result.winner_id != user_id
            return pairing if not result or is_unplayed else None
    return None


def _find_idle(tournament: Tournament, user_id: str, pairing: Pairing) -> Bye | None:
    """The bye of the last round, if its receiver and the opponent can play each other."""
    players = {player.user_id: player for player in tournament.players}
    opponents = [one for one in pairing.player_ids if one != user_id]
    for bye in tournament.rounds[-1].byes if tournament.format == "swiss" else ():
        if all(players[one].status == "confirmed" for one in (bye.player_id, *opponents)):
            return bye
    return None


def _forfeit(tournament: Tournament, user_id: str, pairing: Pairing) -> Pairing:
    points, is_first = tournament.rules.bye_victory_points, pairing.player1_id == user_id
    winner = pairing.player2_id if is_first else pairing.player1_id
    totals = (0, points) if is_first else (points, 0)
    return pairing._replace(result=Result(totals, winner, "forfeit"), has_started=True)


def _repair(
    tournament: Tournament, user_id: str, pairing: Pairing, bye: Bye
) -> tuple[Tournament, Pairing]:
    """The last round with the opponent and the bye's receiver at the freed table."""
    *earlier, last = tournament.rounds
    history = read_history(tournament, last.number - 1)
    everybody = tournament._replace(
        players=tuple(one._replace(status="confirmed") for one in tournament.players)
    )
    places = {
        player.user_id: place
        for place, player in enumerate(sort_active(everybody, last.number, history))
    }
    opponent = next(one for one in pairing.player_ids if one != user_id)
    first, second = sorted((opponent, bye.player_id), key=places.__getitem__)
    made = Pairing(first, second, pairing.table_number)
    pairings = sorted(
        (made, *(one for one in last.pairings if one is not pairing)),
        key=lambda one: min(places[user_id] for user_id in one.player_ids),
    )
    byes = tuple(one for one in last.byes if one != bye)
    repaired = last._replace(pairings=tuple(pairings), byes=byes)
    return tournament._replace(rounds=(*earlier, repaired)), made


def _mark(tournament: Tournament, user_id: str, kind: str) -> Tournament:
    status: PlayerStatus = "disqualified" if kind == "disqualified" else "dropped"
    players = tuple(
        player._replace(
            status=status,
            dropped_after_round=len(tournament.rounds)
            if player.dropped_after_round is None
            else player.dropped_after_round,
        )
        if player.user_id == user_id
        else player
        for player in tournament.players
    )
    return tournament._replace(players=players)
