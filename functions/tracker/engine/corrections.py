"""Results that come, or change later: what becomes of what was paired since."""

from __future__ import annotations

from typing import Literal, NamedTuple

from functions.tracker.engine import brackets
from functions.tracker.engine.rounds import is_stale
from functions.tracker.engine.standings import rank_players
from functions.tracker.engine.tournament import Pairing, Result, Round, Tournament


class AffectedRound(NamedTuple):
    """A later round of Swiss: `stale` where it would now be paired otherwise, `kept` where one of
    its games has started."""

    round: int
    status: Literal["stale", "kept"]


class AffectedMatch(NamedTuple):
    """A match of a bracket whose players change.

    `old_player_ids` is None where it is issued now, `new_player_ids` where its players are not
    known yet: it is issued once they are. `has_result` and `battle_id` are of the old one.
    """

    round: int
    match_code: str
    battle_id: str | None
    old_player_ids: tuple[str, str] | None
    new_player_ids: tuple[str, str] | None
    has_result: bool


class RankChange(NamedTuple):
    """A place before and after."""

    user_id: str
    before: int | None
    after: int | None


class Correction(NamedTuple):
    """The tournament with the result in it, and all that this changes.

    `tournament.rounds` are to be stored: pairings without `battle_id` need a battle, battles of
    `cancelled` are void.
    """

    tournament: Tournament
    before: Result | None
    after: Result
    standings_changes: tuple[RankChange, ...]
    affected_rounds: tuple[AffectedRound, ...]
    affected_matches: tuple[AffectedMatch, ...]
    cancelled: tuple[Pairing, ...]


class Update(NamedTuple):
    """A bracket after results or players changed: its rounds, what changed and what is void."""

    rounds: tuple[Round, ...]
    affected_matches: tuple[AffectedMatch, ...]
    cancelled: tuple[Pairing, ...]


class LockedResultError(ValueError):
    """Matches that have started would be void; `force` voids them."""

    def __init__(self, affected_matches: tuple[AffectedMatch, ...]) -> None:
        super().__init__("matches that have started would be void")
        self.affected_matches = affected_matches


def enter_result(
    tournament: Tournament, battle_id: str, result: Result, *, force: bool = False
) -> Correction:
    """Enters a first result, or corrects one.

    Raises LockedResultError, KeyError for an unknown battle, and ValueError for a winner who did
    not play and for a drawn game of a bracket.
    """
    number, before = _find_battle(tournament, battle_id)
    _check_result(tournament, before, result)
    entered = replace_pairing(
        tournament, number, before, before._replace(result=result, has_started=True)
    )
    update = Update(entered.rounds, (), ())
    affected_rounds: tuple[AffectedRound, ...] = ()
    if tournament.format == "swiss":
        affected_rounds = _find_affected_rounds(entered, number)
    else:
        update = update_bracket(entered)
        started = [one for one in update.cancelled if one.has_started or one.result]
        if started and not force:
            raise LockedResultError(
                tuple(
                    match
                    for match in update.affected_matches
                    if match.match_code in {one.match_code for one in started}
                )
            )
    after = entered._replace(rounds=update.rounds)
    return Correction(
        after,
        before.result,
        result,
        _compare_ranks(tournament, after),
        affected_rounds,
        *update[1:],
    )


def update_bracket(tournament: Tournament) -> Update:
    """The rounds that are there, as the bracket is by all results; a round of which nobody is known
    any more is taken back."""
    resolved = brackets.resolve(tournament).paired[: len(tournament.rounds)]
    rounds = tuple(brackets.seat_round(tournament, paired).round for paired in resolved)
    old, new = _index_matches(tournament.rounds), _index_matches(rounds)
    affected, cancelled = [], []
    for code in sorted(old.keys() | new.keys()):
        number, was = old.get(code, (0, None))
        now_number, now = new.get(code, (number, None))
        if was and now and {*was.player_ids} == {*now.player_ids}:
            continue
        if was:
            cancelled.append(was)
        affected.append(
            AffectedMatch(
                number or now_number,
                code,
                was.battle_id if was else None,
                was.player_ids if was else None,
                now.player_ids if now else None,
                bool(was and was.result),
            )
        )
    return Update(rounds, tuple(sorted(affected)), tuple(cancelled))


def replace_pairing(
    tournament: Tournament, number: int, pairing: Pairing, by: Pairing
) -> Tournament:
    """The tournament with another pairing in the place of one of a round."""
    rounds = tuple(
        played._replace(
            pairings=tuple(by if one is pairing else one for one in played.pairings),
        )
        if played.number == number
        else played
        for played in tournament.rounds
    )
    return tournament._replace(rounds=rounds)


def _find_battle(tournament: Tournament, battle_id: str) -> tuple[int, Pairing]:
    for played in tournament.rounds:
        for pairing in played.pairings:
            if pairing.battle_id == battle_id:
                return played.number, pairing
    raise KeyError(battle_id)


def _check_result(tournament: Tournament, pairing: Pairing, result: Result) -> None:
    if result.winner_id is not None:
        if result.winner_id not in pairing.player_ids:
            raise ValueError(f"{result.winner_id} did not play this game")
        if result.result_type in ("draw", "double_loss"):
            raise ValueError(f"a game of type {result.result_type} has no winner")
    elif tournament.format != "swiss" and result.result_type not in ("double_loss", "forfeit"):
        raise ValueError("somebody must pass on: the game needs a winner")


def _find_affected_rounds(entered: Tournament, number: int) -> tuple[AffectedRound, ...]:
    """Rounds after the changed one; the last is stale if none of its games has started."""
    later = entered.rounds[number:]
    affected = [AffectedRound(one.number, "kept") for one in later if one.has_started]
    if later and not later[-1].has_started and is_stale(entered):
        affected.append(AffectedRound(later[-1].number, "stale"))
    return tuple(affected)


def _index_matches(rounds: tuple[Round, ...]) -> dict[str, tuple[int, Pairing]]:
    return {
        pairing.match_code: (played.number, pairing)
        for played in rounds
        for pairing in played.pairings
        if pairing.match_code
    }


def _compare_ranks(before: Tournament, after: Tournament) -> tuple[RankChange, ...]:
    """Everybody whose rank changed, by their rank before."""
    old, new = (
        {row.user_id: row.rank for row in rank_players(one).rows} for one in (before, after)
    )
    return tuple(
        RankChange(user_id, rank, new[user_id])
        for user_id, rank in old.items()
        if rank != new[user_id]
    )
