"""Single and double elimination: who meets whom, and who passes on.

A bracket is played through from its plan and the results of the day, every time: a corrected
result, or a player who leaves, needs no rules of its own.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from functions.tracker.engine.bracket_plan import Match, Source, Stage, plan_bracket
from functions.tracker.engine.records import get_draw_keys
from functions.tracker.engine.tables import assign_tables
from functions.tracker.engine.tournament import (
    Bye,
    ByeReason,
    PairedRound,
    Pairing,
    PairingError,
    PairingReport,
    Player,
    Round,
    Tournament,
)


class Line(NamedTuple):
    """A line of a match: a player, nobody because a seed is missing, nobody because they left or
    both lost, or not known yet."""

    kind: Literal["player", "missing", "vacant", "pending"]
    user_id: str = ""


class Outcome(NamedTuple):
    """What passes on from a match."""

    winner: Line
    loser: Line


Lines = tuple[Line, Line]
PENDING, MISSING, VACANT = Line("pending"), Line("missing"), Line("vacant")
OPEN = Outcome(PENDING, PENDING)


class ResolvedBracket(NamedTuple):
    """The bracket as far as results say.

    `eliminated` has the round in which a player was eliminated, and a number that orders those of
    one round; who is still in has none. Who left is eliminated in the match that they do not play.
    `is_finished` says whether nothing is left to be played.
    """

    seeding: tuple[str, ...]
    paired: tuple[PairedRound, ...]
    eliminated: dict[str, tuple[int, int]]
    champion_id: str | None
    is_finished: bool


def pair_round(tournament: Tournament) -> PairedRound:
    """The round after the last; raises PairingError.

    An earlier round instead, where a forced correction took a match out of it whose players are
    known by now.
    """
    if len(tournament.players) < 2:
        raise PairingError("too_few_players")
    resolved, stored = resolve(tournament), len(tournament.rounds)
    for played, paired in zip(tournament.rounds, resolved.paired, strict=False):
        if not set(_name_matches(paired.round)) <= set(_name_matches(played)):
            return seat_round(tournament, paired)
        if not paired.round.is_complete:
            missing = tuple(one for one in paired.round.pairings if not one.result)
            raise PairingError("round_incomplete", paired.round.number, missing)
    if len(resolved.paired) <= stored:
        raise PairingError("no_more_rounds")
    return seat_round(tournament, resolved.paired[stored])


def resolve(tournament: Tournament) -> ResolvedBracket:
    """The bracket by the results in `tournament.rounds`.

    Pairings keep results and battles where the same two players meet under the same code; others
    are new ones, at the table of the old or (`seat_round`) none yet. Rounds of which nobody is
    known are left out.
    """
    return _Play(tournament).run()


def seat_round(tournament: Tournament, paired: PairedRound) -> PairedRound:
    """The round with a table for every pairing; those that have one keep it."""
    number, pairings, _ = paired.round
    first_at = {one.table_number: one.match_code for one in reversed(pairings) if one.table_number}
    kept = set(first_at.values())
    new = [one for one in pairings if one.match_code not in kept]
    seating = assign_tables(
        new,
        [table for table in tournament.tables if table not in first_at],
        tournament.players,
        tournament.rounds[: number - 1],
    )
    tables = dict(zip((one.match_code for one in new), seating.table_numbers, strict=True))
    seated = tuple(
        one._replace(table_number=tables.get(one.match_code, one.table_number)) for one in pairings
    )
    report = paired.report._replace(notes=(*paired.report.notes, *seating.notes))
    return PairedRound(paired.round._replace(pairings=seated), report)


def seed_players(tournament: Tournament) -> list[Player]:
    """The players by seed, or as they are drawn."""
    keys = get_draw_keys(tournament, 1, tournament.players)
    return sorted(tournament.players, key=lambda one: (keys[one.user_id], one.user_id))


def _name_matches(played: Round) -> list[tuple[str | None, frozenset[str]]]:
    return [(one.match_code, frozenset(one.player_ids)) for one in played.pairings]


class _Play:
    """A bracket that is played through, stage by stage."""

    def __init__(self, tournament: Tournament) -> None:
        self.tournament = tournament
        self.players = {player.user_id: player for player in seed_players(tournament)}
        self.seeding = tuple(self.players)
        self.seeds = {user_id: seed for seed, user_id in enumerate(self.seeding, 1)}
        self.stages = plan_bracket(tournament)
        sources = [one for stage in self.stages for match in stage for one in match.sources]
        self.losers_of = {source.code for source in sources if source.kind == "loser"}
        self.stored = {
            one.match_code: one for played in tournament.rounds for one in played.pairings
        }
        self.outcomes: dict[str, Outcome] = {}
        self.eliminated: dict[str, tuple[int, int]] = {}
        self.paired: list[PairedRound] = []
        self.needs_reset = False

    def run(self) -> ResolvedBracket:
        """Plays every stage of which somebody is known."""
        is_known = all(self._play(stage) for stage in self.stages)
        final = "GF" if "GF" in self.outcomes else self.stages[-1][0].code
        champion = self._get_outcome("GF-2" if self.needs_reset else final).winner
        return ResolvedBracket(
            self.seeding,
            tuple(self.paired),
            self.eliminated,
            champion.user_id or None,
            is_finished=is_known and OPEN not in self.outcomes.values(),
        )

    def _play(self, stage: Stage) -> bool:
        """Plays a stage, which is a round if anybody meets in it; False if that is not known."""
        number = len(self.paired) + 1
        pairings: list[Pairing] = []
        byes: list[Bye] = []
        for match in stage:
            if match.code == "GF-2" and not self.needs_reset:
                continue
            lines = self._read_lines(match, number)
            kinds = {line.kind for line in lines}
            if kinds == {"player"}:
                pairings.append(self._get_pairing(match, lines))
                outcome = self._judge(match, lines, pairings[-1], number)
            elif "pending" in kinds:
                outcome = OPEN
            else:
                outcome = self._pass_on(match, lines, number)
                if outcome.winner.kind == "player":
                    reason: ByeReason = "bracket" if MISSING in lines else "walkover"
                    byes.append(Bye(outcome.winner.user_id, reason))
            self.outcomes[match.code] = outcome
        if pairings:
            self.paired.append(self._make_round(number, pairings, byes))
        return bool(pairings) or all(
            self.outcomes[match.code] != OPEN for match in stage if match.code in self.outcomes
        )

    def _read_lines(self, match: Match, number: int) -> Lines:
        """The two lines, without who left before this round, or left and has not played it."""
        first, second = (self._read(source) for source in match.sources)
        stored = self.stored.get(match.code)
        if stored and stored.result and {*stored.player_ids} == {first.user_id, second.user_id}:
            return first, second
        first, second = (self._take_off(line, number, number) for line in (first, second))
        if first.kind == second.kind == "player":
            first, second = (self._take_off(line, number) for line in (first, second))
        return first, second

    def _read(self, source: Source) -> Line:
        if source.kind == "seed":
            is_missing = source.seed > len(self.seeding)
            return MISSING if is_missing else Line("player", self.seeding[source.seed - 1])
        outcome = self._get_outcome(source.code)
        return outcome.winner if source.kind == "winner" else outcome.loser

    def _take_off(self, line: Line, number: int, before: int | None = None) -> Line:
        """The line, empty where its player has left: at all, or before a round."""
        player = self.players.get(line.user_id)
        if not player or player.status == "confirmed":
            return line
        if before is not None and (player.dropped_after_round or 0) >= before:
            return line
        self.eliminated[line.user_id] = (number, 0)
        return VACANT

    def _get_outcome(self, code: str) -> Outcome:
        return self.outcomes.get(code, OPEN)

    def _get_pairing(self, match: Match, lines: Lines) -> Pairing:
        stored = self.stored.get(match.code)
        first, second = sorted((line.user_id for line in lines), key=self.seeds.__getitem__)
        if stored and {*stored.player_ids} == {first, second}:
            return stored
        table = stored.table_number if stored else None
        return Pairing(first, second, table, bracket=match.bracket, match_code=match.code)

    def _judge(self, match: Match, lines: Lines, pairing: Pairing, number: int) -> Outcome:
        """Who passes on; who has no further match is out, and both are where both lost."""
        result = pairing.result
        if not result:
            return OPEN
        if not result.winner_id:
            if result.result_type not in ("double_loss", "forfeit"):
                raise ValueError(f"{match.code} is drawn: somebody must pass on")
            self.eliminated |= dict.fromkeys(pairing.player_ids, (number, 0))
            return Outcome(VACANT, VACANT)
        winner, loser = lines if lines[0].user_id == result.winner_id else lines[::-1]
        if match.code == "GF":  # whose first line has not lost yet
            self.needs_reset = winner == lines[1] and "GF" in self.losers_of
        if match.code not in self.losers_of or (match.code == "GF" and not self.needs_reset):
            self.eliminated[loser.user_id] = (number, 0 if match.code == "P3" else 2)
        if match.code == "P3":
            self.eliminated[winner.user_id] = (number, 1)
        return Outcome(winner, loser)

    def _pass_on(self, match: Match, lines: Lines, number: int) -> Outcome:
        """Passes a player on whom nobody meets; where nobody is there, the empty line passes on."""
        empty = VACANT if VACANT in lines else MISSING
        winner = next((line for line in lines if line.kind == "player"), empty)
        if match.code == "P3" and winner.user_id:
            self.eliminated[winner.user_id] = (number, 1)
        return Outcome(winner, empty)

    def _make_round(self, number: int, pairings: list[Pairing], byes: list[Bye]) -> PairedRound:
        byes.sort(key=lambda bye: self.seeds[bye.player_id])
        notes = (
            f"{self.players[bye.player_id].name} passes on without a game: the other line is empty."
            for bye in byes
            if bye.reason == "walkover"
        )
        played = Round(number, tuple(pairings), tuple(byes))
        return PairedRound(played, PairingReport(self.seeding, notes=tuple(notes)))
