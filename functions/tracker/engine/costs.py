"""What pairings cost: the terms of `Cost` for edges of the matching, and of a whole round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from functions.tracker.engine.matching import Edge, weigh_terms
from functions.tracker.engine.records import History, get_score, read_history, sort_active
from functions.tracker.engine.tournament import Cost, Player, Tournament

Pair = tuple[int, int]  # places from 0, the better first


class Field(NamedTuple):
    """Who is to be paired, by place, and all that costs depend on."""

    players: list[Player]
    history: History
    scores: list[int]
    places: dict[str, int]
    meetings: list[dict[int, int]]  # by place, how often it met worse places
    clubmates: list[set[int]]  # by place, worse places of its club; empty where clubs do not count
    counts_floats: bool
    is_folded: bool  # top half against bottom half

    def name_pair(self, pair: Pair) -> tuple[str, str]:
        """The ids of two players, the better first."""
        return self.players[pair[0]].user_id, self.players[pair[1]].user_id

    def get_free_wins(self, place: int) -> int:
        """The byes and forfeit wins that somebody had."""
        return self.history.records[self.players[place].user_id].free_wins


def read_field(tournament: Tournament, number: int) -> Field:
    """The field of a round, by the rounds before it."""
    rules, history = tournament.rules, read_history(tournament, number - 1)
    players = sort_active(tournament, number, history)
    places = {player.user_id: place for place, player in enumerate(players)}
    meetings: list[dict[int, int]] = [{} for _ in players]
    for (one, other), rounds in history.meetings.items():
        if one in places and other in places:
            better, worse = sorted((places[one], places[other]))
            meetings[better][worse] = len(rounds)
    return Field(
        players,
        history,
        [get_score(history.records[player.user_id], rules) for player in players],
        places,
        meetings,
        _find_clubmates(players, _avoids_clubs(tournament, number)),
        counts_floats=rules.pairing_score == "match_points",
        is_folded=number == 1 and rules.first_round == "seeded",
    )


def list_bye_edges(field: Field, free: Sequence[int]) -> Iterator[Edge]:
    """The edges of the matching that fixes who has the bye, by (R, B, C, P).

    Vertices are the indices of `free`, places that are not paired yet; the last one stands for the
    bye.
    """
    count, last = len(free), len(field.players) - 1
    free_wins = [field.get_free_wins(place) for place in free]
    bounds = (_bound(field.meetings, count), max(free_wins), count // 2, last)
    by_meeting, by_free_win, by_club, by_place = weigh_terms(bounds)
    for i, place in enumerate(free):
        row = _weigh_row(field, place, by_meeting, by_club)
        for j in range(i + 1, count):
            yield i, j, row.get(free[j], 0)
        yield i, count, free_wins[i] * by_free_win + (last - place) * by_place


def list_edges(field: Field, free: Sequence[int], bye: int | None) -> Iterator[Edge]:
    """The edges of the matching of the rest, by (R, C, S, F, I); vertices are indices of `free`."""
    count = len(field.players) - (bye is not None)
    half = count // 2 if field.is_folded else 0
    distances = [(gap - half) ** 2 for gap in range(count)]
    scores = [field.scores[place] for place in free]
    records = [field.history.records[field.players[place].user_id] for place in free]
    down = [record.floats_down * field.counts_floats for record in records]
    up = [record.floats_up * field.counts_floats for record in records]
    pairs = len(free) // 2
    bounds = (
        _bound(field.meetings, len(free)),
        pairs,
        pairs * (scores[0] - scores[-1]) ** 2,
        pairs * (max(down) + max(up)),
        pairs * max(distances),
    )
    by_meeting, by_club, by_gap, by_float, _ = weigh_terms(bounds)
    # Places closed up where the bye is taken out.
    closed = [place - (bye is not None and place > bye) for place in free]
    for i, place in enumerate(free):
        row = _weigh_row(field, place, by_meeting, by_club)
        score, floats, own = scores[i], down[i], closed[i]
        for j in range(i + 1, len(free)):
            cost = distances[closed[j] - own]
            if gap := score - scores[j]:
                cost += gap * gap * by_gap + (floats + up[j]) * by_float
            yield i, j, cost + row[free[j]] if free[j] in row else cost


def sum_cost(field: Field, pairs: Iterable[Pair], byes: Sequence[int]) -> Cost:
    """What a whole round costs, however it was paired."""
    cost = dict.fromkeys(Cost._fields, 0)
    closed_up = sorted(set(range(len(field.players))) - set(byes))
    closed = {place: index for index, place in enumerate(closed_up)}
    half = len(closed) // 2 if field.is_folded else 0
    for bye in byes:
        cost["repeat_byes"] += field.get_free_wins(bye)
        cost["bye_place"] += len(field.players) - 1 - bye
    for better, worse in pairs:
        cost["rematches"] += field.meetings[better].get(worse, 0)
        cost["same_club"] += worse in field.clubmates[better]
        cost["distance"] += (closed[worse] - closed[better] - half) ** 2
        if gap := field.scores[better] - field.scores[worse]:
            cost["score_gaps"] += gap * gap
            cost["floats"] += field.counts_floats and _count_floats(field, better, worse)
    return Cost(**cost)


def _avoids_clubs(tournament: Tournament, number: int) -> bool:
    when = tournament.rules.avoid_same_club
    return when == "always" or (when == "first_round" and number == 1)


def _find_clubmates(players: Sequence[Player], counts: bool) -> list[set[int]]:
    clubs: dict[str, list[int]] = {}
    for place, player in enumerate(players):
        if counts and player.club:
            clubs.setdefault(player.club, []).append(place)
    found: list[set[int]] = [set() for _ in players]
    for places in clubs.values():
        for better, worse in combinations(places, 2):
            found[better].add(worse)
    return found


def _bound(meetings: list[dict[int, int]], count: int) -> int:
    """The most meetings that a matching of so many vertices can repeat."""
    return max((most for row in meetings for most in row.values()), default=0) * (count // 2)


def _count_floats(field: Field, better: int, worse: int) -> int:
    records = field.history.records
    down = records[field.players[better].user_id].floats_down
    return down + records[field.players[worse].user_id].floats_up


def _weigh_row(field: Field, place: int, by_meeting: int, by_club: int) -> dict[int, int]:
    """By worse place, what earlier meetings and clubs cost, where they cost anything."""
    row = {other: times * by_meeting for other, times in field.meetings[place].items()}
    for other in field.clubmates[place]:
        row[other] = row.get(other, 0) + by_club
    return row
