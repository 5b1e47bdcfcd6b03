"""Places: by record and tie-breakers in Swiss, by elimination in brackets, each explained."""

from __future__ import annotations

from typing import NamedTuple

from functions.tracker.engine import brackets, reasons
from functions.tracker.engine.percentages import Percentages, compute_percentages
from functions.tracker.engine.reasons import Value
from functions.tracker.engine.records import Record, get_draw_keys, rank_path, read_history
from functions.tracker.engine.tournament import Player, Tournament


class OpponentLine(NamedTuple):
    """What a game gave to the opponents' percentages; `why_not` it was left out: `forfeit`.

    `result` is W, D or L, `win_pct` the opponent's own.
    """

    user_id: str
    round: int
    result: str
    win_pct: float
    counted: bool
    why_not: str | None


class Explanation(NamedTuple):
    """Why a row stands below the one above: the first criterion that separates them, the values of
    this row and that one, and a sentence. The first row has neither."""

    above: str | None
    decided_by: str | None
    values: tuple[Value, Value] | None
    opponents: tuple[OpponentLine, ...]
    text: str


class Row(NamedTuple):
    """A player's line; percentages are shares from 0 to 1, rounded to four decimals.

    `played` are games that were really played; `wins` and `losses` include forfeits. `rank` is None
    for who is still in a bracket.
    """

    rank: int | None
    user_id: str
    status: str
    played: int
    wins: int
    losses: int
    draws: int
    byes: int
    match_points: int
    opp_win_pct: float
    opp_opp_win_pct: float
    victory_points: int
    vp_difference: int
    battle_points: int
    win_path: str
    explain: Explanation


class Standings(NamedTuple):
    """The table after `round`.

    `champion_id` is who won the final of a bracket, and in Swiss who leads once every game has its
    result; None before, and after a final that both lost.
    """

    round: int
    rows: tuple[Row, ...]
    champion_id: str | None


class _Table(NamedTuple):
    """All that rows are made of."""

    players: dict[str, Player]
    records: dict[str, Record]
    percentages: Percentages


def rank_players(tournament: Tournament, after_round: int | None = None) -> Standings:
    """Everybody's place after the round (None: after all results so far)."""
    number = len(tournament.rounds) if after_round is None else after_round
    past = _go_back(tournament, number)
    records = read_history(past, number).records
    players = {player.user_id: player for player in past.players}
    table = _Table(players, records, compute_percentages(records))
    if tournament.format == "swiss":
        return _rank_swiss(past, table)
    return _rank_bracket(past, table)


def _go_back(tournament: Tournament, number: int) -> Tournament:
    """The tournament as it was after a round: who left later was still there."""
    players = tuple(
        player._replace(status="confirmed")
        if (player.dropped_after_round or 0) > number
        else player
        for player in tournament.players
    )
    return tournament._replace(players=players, rounds=tournament.rounds[:number])


def _rank_swiss(past: Tournament, table: _Table) -> Standings:
    """By the tie-breakers in their order, then as drawn; who was disqualified is last."""
    rules, draw_keys = past.rules, get_draw_keys(past, 0, past.players)
    rounds = len(past.rounds)
    criteria = {
        user_id: {
            criterion: _get_value(table, user_id, criterion) for criterion in rules.tiebreakers
        }
        for user_id in table.players
    }

    def place(player: Player) -> tuple[object, ...]:
        values = criteria[player.user_id].values()
        keys = [rank_path(one, rounds) if isinstance(one, str) else -one for one in values]
        return player.status == "disqualified", *keys, draw_keys[player.user_id], player.user_id

    listed = sorted(past.players, key=place)
    last = "seed" if rules.first_round == "seeded" else "draw_order"
    rows = []
    for index, player in enumerate(listed):
        above = listed[index - 1] if index else None
        reason = reasons.FIRST
        if above:
            reason = reasons.compare(
                (player, criteria[player.user_id] | {last: draw_keys[player.user_id]}),
                (above, criteria[above.user_id] | {last: draw_keys[above.user_id]}),
                table.percentages.denominator,
            )
        rows.append(_make_row(table, player, index + 1, above, reason))
    is_complete = bool(past.rounds) and all(played.is_complete for played in past.rounds)
    leads = is_complete and listed and listed[0].status != "disqualified"
    return Standings(rounds, tuple(rows), listed[0].user_id if leads else None)


def _rank_bracket(past: Tournament, table: _Table) -> Standings:
    """By the round of elimination; who is out in the same one shares the best place."""
    resolved = brackets.resolve(past)
    champion_id = resolved.champion_id if past.rounds else None  # somebody may be alone as yet
    out = {
        user_id: (0, 0) if table.players[user_id].status == "disqualified" else key
        for user_id, key in resolved.eliminated.items()
    }
    still_in = [user_id for user_id in resolved.seeding if user_id not in out]
    seeds = {user_id: seed for seed, user_id in enumerate(resolved.seeding, 1)}
    listed = still_in + sorted(out, key=lambda one: (-out[one][0], -out[one][1], seeds[one]))
    rows = []
    for index, user_id in enumerate(listed):
        rank: int | None = 1 if user_id == champion_id else None
        if user_id in out:
            better = len(still_in) + sum(key > out[user_id] for key in out.values())
            rank = 1 + max(1, better)  # without a champion nobody is first
        above = table.players[listed[index - 1]] if index else None
        reason = reasons.FIRST
        if above:
            player = table.players[user_id]
            reason = reasons.compare_eliminated(
                (player, out.get(user_id), seeds[user_id]),
                (above, out.get(above.user_id), seeds[above.user_id]),
            )
        rows.append(_make_row(table, table.players[user_id], rank, above, reason))
    return Standings(len(past.rounds), tuple(rows), champion_id)


def _get_value(table: _Table, user_id: str, criterion: str) -> int | str:
    """The exact value by which places are compared; percentages are numerators."""
    if criterion == "opp_win_pct":
        return table.percentages.opponents[user_id]
    if criterion == "opp_opp_win_pct":
        return table.percentages.opponents_opponents[user_id]
    record = table.records[user_id]
    value: int | str = record.path if criterion == "win_path" else getattr(record, criterion)
    return value


def _make_row(
    table: _Table, player: Player, rank: int | None, above: Player | None, reason: reasons.Reason
) -> Row:
    record, shares = table.records[player.user_id], table.percentages
    opponents = tuple(
        OpponentLine(
            game.opponent_id,
            game.round,
            game.letter,
            round(shares.own[game.opponent_id] / shares.denominator, 4),
            game.is_played,
            None if game.is_played else "forfeit",
        )
        for game in record.games
    )
    return Row(
        rank=rank,
        user_id=player.user_id,
        status=player.status,
        played=len(record.get_played()),
        wins=record.wins,
        losses=record.losses,
        draws=record.draws,
        byes=record.byes,
        match_points=record.match_points,
        opp_win_pct=round(shares.opponents[player.user_id] / shares.denominator, 4),
        opp_opp_win_pct=round(shares.opponents_opponents[player.user_id] / shares.denominator, 4),
        victory_points=record.victory_points,
        vp_difference=record.vp_difference,
        battle_points=record.battle_points,
        win_path=record.path,
        explain=Explanation(above.user_id if above else None, *reason[:2], opponents, reason.text),
    )
