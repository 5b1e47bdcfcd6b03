"""Swiss pairing: a perfect matching of least cost, exact, explained and repeatable."""

from __future__ import annotations

from collections.abc import Sequence

from functions.tracker.engine.costs import (
    Field,
    Pair,
    list_bye_edges,
    list_edges,
    read_field,
    sum_cost,
)
from functions.tracker.engine.matching import match
from functions.tracker.engine.pairing_notes import describe_lost_lock, explain
from functions.tracker.engine.tables import assign_tables
from functions.tracker.engine.tournament import (
    Bye,
    CrossRecord,
    PairedRound,
    Pairing,
    PairingError,
    PairingReport,
    Rematch,
    Round,
    Tournament,
)


def pair_round(tournament: Tournament, number: int) -> PairedRound:
    """Round `number` by the rounds before it; raises PairingError.

    Where the round is there already, its locked pairs are kept, and unchanged pairs keep their
    battles. Nothing else of that round and of later ones is read.
    """
    field = read_field(tournament, number)
    if len(field.players) < 2:
        raise PairingError("too_few_players")
    stored = _get_round(tournament, number)
    locked, lost = _find_locked(field, stored)
    pairs, byes = _find_best(field, locked)
    battles = {frozenset(one.player_ids): one.battle_id for one in stored.pairings}
    pairings = [
        Pairing(*ids, battle_id=battles.get(frozenset(ids)), is_locked=pair in locked)
        for pair in pairs
        for ids in [field.name_pair(pair)]
    ]
    earlier = tournament.rounds[: number - 1]
    seating = assign_tables(pairings, tournament.tables, tournament.players, earlier)
    seated = tuple(
        pairing._replace(table_number=table)
        for pairing, table in zip(pairings, seating.table_numbers, strict=True)
    )
    passing = tuple(Bye(field.players[place].user_id) for place in byes)
    report = _report(field, pairs, byes, can_be_better=bool(locked))
    notes = (*report.notes, *lost, *seating.notes)
    return PairedRound(Round(number, seated, passing), report._replace(notes=notes))


def report_round(tournament: Tournament, number: int) -> PairingReport:
    """Why the stored round is as it is, also when people have paired it by hand."""
    field, stored = read_field(tournament, number), tournament.rounds[number - 1]
    places = field.places
    pairs = sorted(
        (min(places[one], places[other]), max(places[one], places[other]))
        for one, other in (pairing.player_ids for pairing in stored.pairings)
        if one in places and other in places
    )
    byes = [places[bye.player_id] for bye in stored.byes if bye.player_id in places]
    return _report(field, pairs, byes, can_be_better=True)


def find_faults(
    tournament: Tournament, number: int, pairs: Sequence[tuple[str, str]], byes: Sequence[str]
) -> list[str]:
    """What is wrong with a round paired by hand, a sentence each: every active player exactly
    once, and a bye only where their number is odd."""
    places = read_field(tournament, number).places
    named = [*(user_id for pair in pairs for user_id in pair), *byes]
    faults = [f"{one} meets themselves." for one, other in pairs if one == other]
    faults += [
        f"{one} does not play this round." for one in dict.fromkeys(named) if one not in places
    ]
    faults += [f"{one} is named twice." for one in places if named.count(one) > 1]
    faults += [f"{one} is missing." for one in places if one not in named]
    if len(byes) != len(places) % 2:
        faults.append(f"{len(places) % 2} player has the bye, and not {len(byes)}.")
    return faults


def _find_best(field: Field, locked: set[Pair]) -> tuple[list[Pair], list[int]]:
    """The cheapest pairs that include the locked ones, and the place of who has the bye."""
    taken = {place for pair in locked for place in pair}
    free = [place for place in range(len(field.players)) if place not in taken]
    bye: int | None = None
    if len(free) % 2:
        edges = list_bye_edges(field, free)
        found = match(edges, len(free) + 1, len(free) // 2 + 1)
        [bye] = [free[i] for i, j in found if j == len(free)]
        free.remove(bye)
    if free:
        found = match(list_edges(field, free, bye), len(free), len(free) // 2)
        locked = locked | {(free[i], free[j]) for i, j in found}
    return sorted(locked), [] if bye is None else [bye]


def _get_round(tournament: Tournament, number: int) -> Round:
    stored = tournament.rounds[number - 1 : number]
    return stored[0] if stored else Round(number)


def _find_locked(field: Field, stored: Round) -> tuple[set[Pair], list[str]]:
    """The places of locked pairs, and a sentence for each that cannot be kept."""
    locked, lost = set(), []
    for pairing in stored.pairings:
        if not pairing.is_locked:
            continue
        places = [field.places.get(user_id) for user_id in pairing.player_ids]
        if None in places:
            lost.append(describe_lost_lock(pairing))
        else:
            better, worse = sorted(place for place in places if place is not None)
            locked.add((better, worse))
    return locked, lost


def _report(
    field: Field, pairs: Sequence[Pair], byes: Sequence[int], *, can_be_better: bool
) -> PairingReport:
    cost = sum_cost(field, pairs, byes)
    best = sum_cost(field, *_find_best(field, set())) if can_be_better else cost
    named = [(pair, field.name_pair(pair)) for pair in pairs]
    rematches = tuple(
        Rematch(ids, rounds) for _, ids in named if (rounds := field.history.get_rounds(*ids))
    )
    crossing = [
        CrossRecord(ids, (field.scores[better], field.scores[worse]))
        for (better, worse), ids in named
        if field.counts_floats and field.scores[better] != field.scores[worse]
    ]
    clubs = [ids for (better, worse), ids in named if worse in field.clubmates[better]]
    repeated = [field.players[place].user_id for place in byes if field.get_free_wins(place)]
    return PairingReport(
        order=tuple(player.user_id for player in field.players),
        cost=cost,
        rematch_free_possible=not best.rematches,
        rematches=rematches,
        repeat_bye=repeated[0] if repeated else None,
        same_club=tuple(clubs),
        cross_record=tuple(crossing),
        notes=explain(field, rematches, byes, by_hand=cost != best, is_free=not best.rematches),
    )
