"""Records: what each player has from the rounds before, as results say now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from functions.tracker.engine.tournament import Credit, Pairing, Player, Rules, Tournament

MATCH_POINTS = {"W": 2, "D": 1, "L": 0}
CREDIT_LETTERS: dict[Credit, str] = {"loss": "L", "draw": "D", "bye": "W"}
DRAWN_BATTLE_POINTS = 10
_MAX_DIFFERENCE = 50  # of a game's totals, as they count in `vp_difference`
_BAND_STEP = 5  # totals for one more battle point
_WORSE = str.maketrans("WDL", "012")  # so that better paths sort first


class Game(NamedTuple):
    """A game as one of its players has it; unplayed is one that was won by forfeit."""

    round: int
    opponent_id: str
    letter: str
    is_played: bool


class Side(NamedTuple):
    """What a game gives to one of its players."""

    letter: str
    victory_points: int
    vp_difference: int
    battle_points: int
    is_played: bool


@dataclass(slots=True)
class Record:
    """A player's sums; `free_wins` are byes and forfeit wins, `floats` those down and up."""

    path: str = ""
    match_points: int = 0
    battle_points: int = 0
    victory_points: int = 0
    vp_difference: int = 0
    wins: int = 0
    draws: int = 0
    losses: int = 0
    byes: int = 0
    free_wins: int = 0
    floats_down: int = 0
    floats_up: int = 0
    games: list[Game] = field(default_factory=list)

    def get_played(self) -> list[Game]:
        """The games that count for percentages."""
        return [game for game in self.games if game.is_played]


class History(NamedTuple):
    """Everybody's record, and the rounds in which two players met, by their sorted ids."""

    records: dict[str, Record]
    meetings: dict[tuple[str, str], list[int]]

    def get_rounds(self, one: str, other: str) -> tuple[int, ...]:
        """The rounds in which the two met."""
        return tuple(self.meetings.get((min(one, other), max(one, other)), ()))


def read_history(tournament: Tournament, after_round: int) -> History:
    """The history after a round; later rounds are not read."""
    history = History({player.user_id: Record() for player in tournament.players}, {})
    for played in tournament.rounds[:after_round]:
        idle = {player.user_id: player for player in tournament.players}
        scores = {user_id: one.match_points for user_id, one in history.records.items()}
        for pairing in played.pairings:
            for user_id in pairing.player_ids:
                idle.pop(user_id)
            _add_game(history, pairing, played.number, tournament.rules, scores)
        for bye in played.byes:
            idle.pop(bye.player_id)
            _add_credit(history.records[bye.player_id], "bye", tournament.rules)
        for user_id, player in idle.items() if tournament.format == "swiss" else ():
            credit = player.credits.get(played.number, "loss")
            _add_credit(history.records[user_id], credit, tournament.rules)
    return history


def score_game(pairing: Pairing, rules: Rules) -> tuple[Side, Side]:
    """What a finished game gives to players 1 and 2."""
    result = pairing.result
    assert result, "the game is open"
    totals = result.victory_points
    first, second = (_get_letter(pairing, user_id) for user_id in pairing.player_ids)
    if result.result_type == "forfeit":
        return _score_unplayed(first, rules), _score_unplayed(second, rules)
    gap = totals[0] - totals[1]
    shift = min(10, max(0, -((rules.draw_band - abs(gap)) // _BAND_STEP)))
    points = (DRAWN_BATTLE_POINTS + shift, DRAWN_BATTLE_POINTS - shift)
    if result.result_type == "double_loss":
        points = (0, 0)
    elif gap < 0:
        points = (points[1], points[0])
    cut = max(-_MAX_DIFFERENCE, min(_MAX_DIFFERENCE, gap))
    return (
        Side(first, totals[0], cut, points[0], is_played=True),
        Side(second, totals[1], -cut, points[1], is_played=True),
    )


def sort_active(tournament: Tournament, number: int, history: History) -> list[Player]:
    """The players of a round by place: score, path or victory points, draw key."""
    active = [
        player
        for player in tournament.players
        if player.status == "confirmed" and number not in player.absent
    ]
    rules, draw_keys = tournament.rules, get_draw_keys(tournament, number, active)

    def place(player: Player) -> tuple[int, str | int, str | int, str]:
        record = history.records[player.user_id]
        second: str | int = 0
        if rules.pairing_by == "win_path":
            second = rank_path(record.path)
        elif rules.pairing_by == "victory_points":
            second = -record.victory_points
        return -get_score(record, rules), second, draw_keys[player.user_id], player.user_id

    return sorted(active, key=place)


def get_draw_keys(
    tournament: Tournament, number: int, players: Iterable[Player]
) -> dict[str, str | int]:
    """What decides between equals in a round, the lower first: the seed, or a drawn number."""
    if tournament.rules.first_round == "seeded":
        return {player.user_id: player.seed for player in players}
    return {
        player.user_id: hashlib.sha256(
            f"{tournament.pairing_seed}:{number}:{player.user_id}".encode()
        ).hexdigest()
        for player in players
    }


def get_score(record: Record, rules: Rules) -> int:
    """What equals are paired by: match points, or battle points."""
    return record.battle_points if rules.pairing_score == "battle_points" else record.match_points


def rank_path(path: str, length: int = 0) -> str:
    """A text that sorts better paths first; of a shorter path the missing rounds come last."""
    return path.translate(_WORSE).ljust(length, "3")


def _get_letter(pairing: Pairing, user_id: str) -> str:
    assert pairing.result
    if pairing.result.winner_id == user_id:
        return "W"
    is_loss = pairing.result.winner_id or pairing.result.result_type in ("double_loss", "forfeit")
    return "L" if is_loss else "D"


def _score_unplayed(letter: str, rules: Rules) -> Side:
    if letter == "W":
        return Side("W", rules.bye_victory_points, 0, rules.bye_battle_points, is_played=False)
    return Side(letter, 0, 0, 0, is_played=False)


def _add_game(
    history: History, pairing: Pairing, number: int, rules: Rules, scores: dict[str, int]
) -> None:
    """Adds a game to both; an open one is a meeting and no more, a cancelled one nothing."""
    if pairing.is_cancelled:
        return
    first, second = pairing.player_ids
    history.meetings.setdefault((min(first, second), max(first, second)), []).append(number)
    if not pairing.result:
        return
    sides = score_game(pairing, rules)
    for user_id, opponent_id, side in ((first, second, sides[0]), (second, first, sides[1])):
        record = history.records[user_id]
        record.path += side.letter
        record.match_points += MATCH_POINTS[side.letter]
        record.battle_points += side.battle_points
        record.victory_points += side.victory_points
        record.vp_difference += side.vp_difference
        record.wins += side.letter == "W"
        record.draws += side.letter == "D"
        record.losses += side.letter == "L"
        record.free_wins += side.letter == "W" and not side.is_played
        record.games.append(Game(number, opponent_id, side.letter, side.is_played))
        if rules.pairing_score == "match_points":
            record.floats_down += scores[user_id] > scores[opponent_id]
            record.floats_up += scores[user_id] < scores[opponent_id]


def _add_credit(record: Record, credit: Credit, rules: Rules) -> None:
    """Adds a round without a game."""
    letter = CREDIT_LETTERS[credit]
    record.path += letter
    record.match_points += MATCH_POINTS[letter]
    if credit == "bye":
        record.byes += 1
        record.free_wins += 1
        record.victory_points += rules.bye_victory_points
        record.battle_points += rules.bye_battle_points
    elif credit == "draw":
        record.battle_points += DRAWN_BATTLE_POINTS
