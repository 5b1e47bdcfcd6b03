"""Pairing rounds: the first starts a tournament, the next follows once every result is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import Field

from functions.shared import db
from functions.shared.errors import Problem
from functions.shared.fields import RequestModel
from functions.shared.response import Response
from functions.tracker.calls import Body, Call
from functions.tracker.fields import Whole
from functions.tracker.tournaments.changes import (
    ChangeRequest,
    Done,
    Opened,
    apply_change,
    refuse_incomplete,
    refuse_state,
)
from functions.tracker.tournaments.drops import list_departed, settle_departed

if TYPE_CHECKING:  # a battle is read without the engine
    from functions.tracker.engine.tournament import PairedRound, PairingError
    from functions.tracker.tournaments.state import StoredTournament

RoundNumber = Annotated[int, Field(strict=True, ge=1, le=1000), Whole]


class Generation(RequestModel):
    """Which round is expected; `dry_run` stores nothing, `regenerate` pairs the current again."""

    round: RoundNumber | None = None
    dry_run: Annotated[bool, Field(strict=True)] = False
    regenerate: Annotated[bool, Field(strict=True)] = False


class Plan(NamedTuple):
    """What becomes of the current round, by the tournament's version that it was made for."""

    version: int
    paired: PairedRound | None  # None: it stays as it is
    stored: StoredTournament
    what: str = ""


def pair(
    call: Call,
    tournament_id: str,
    body: Body,
    versions: list[int] | None,
    *,
    must_advance: bool = False,
) -> Response:
    """Pairs the next round, or starts the tournament; raises NotFound, Forbidden, Conflict.

    While results are missing the stored round is the answer, unless it `must_advance`. The engine
    works before the tournament is locked; whatever changes it meanwhile makes the engine work once
    more, under the lock.
    """
    from functions.tracker.tournaments.state import read_own_tournament, read_tournament

    sent = Generation() if body.sent is None else Generation.model_validate(body.sent)
    early = None
    if body.problem is None and (stored := read_own_tournament(call, tournament_id)):
        early = _try_to_plan(stored, sent, must_advance)

    def act(opened: Opened) -> Done:
        plan = early
        if plan is None or plan.version != opened.version:
            stored = settle_departed(opened, read_tournament(tournament_id))
            plan = _plan(stored, sent, must_advance)
        return _carry_out(opened, plan, sent)

    return apply_change(ChangeRequest(call, tournament_id, "owner", body, versions), act)


def _try_to_plan(stored: StoredTournament, sent: Generation, must_advance: bool) -> Plan | None:
    if list_departed(stored):  # which only is settled under the lock
        return None
    try:
        return _plan(stored, sent, must_advance)
    except Problem:  # which is found again, once it is known who asks
        return None


def _plan(stored: StoredTournament, sent: Generation, must_advance: bool) -> Plan:
    from functions.tracker.engine import rounds as engine
    from functions.tracker.engine.tournament import PairingError

    if stored.status not in ("registration", "active"):
        raise refuse_state(stored.status, "not_active", "The tournament is not being played")
    is_start = stored.status == "registration"
    is_open = not all(round_.is_complete for round_ in stored.tournament.rounds)
    try:
        if sent.regenerate:
            _expect(sent.round, stored, stored.current_round)
            if is_start:
                raise PairingError("not_paired")
            return Plan(stored.version, engine.pair_round_again(stored.tournament), stored, "again")
        if must_advance and is_open:
            raise refuse_incomplete(stored)
        if sent.round == stored.current_round and not is_start:
            return Plan(stored.version, None, stored)
        if is_open and sent.round is None:
            return Plan(stored.version, None, stored)
        _expect(sent.round, stored, stored.current_round + 1)
        if is_open:
            raise refuse_incomplete(stored)
        return Plan(stored.version, engine.pair_next_round(_set_rounds(stored)), stored, "next")
    except PairingError as problem:
        raise _to_refusal(problem, stored) from None


def _expect(sent: int | None, stored: StoredTournament, number: int) -> None:
    if sent is not None and sent != number:
        raise refuse_state(stored.status, "wrong_round", f"The next round is {number}")


def _set_rounds(stored: StoredTournament) -> Any:
    """The tournament with its number of Swiss rounds, counted where its rules leave that open."""
    from functions.tracker.engine.rounds import count_swiss_rounds

    tournament = stored.tournament
    if stored.status == "active" or stored.rules.get("swiss_rounds") is not None:
        return tournament
    rounds = count_swiss_rounds(len(tournament.players))
    return tournament._replace(rules=tournament.rules._replace(swiss_rounds=rounds))


_REASONS = {
    "too_few_players": "Fewer than two players are left to be paired",
    "no_more_rounds": "All rounds are played",
    "round_started": "A game of the round has begun",
    "not_paired": "No round is paired",
}


def _to_refusal(problem: PairingError, stored: StoredTournament) -> Problem:
    if problem.reason == "round_incomplete":
        return refuse_incomplete(stored)
    return refuse_state(stored.status, problem.reason, _REASONS[problem.reason])


def _carry_out(opened: Opened, plan: Plan, sent: Generation) -> Done:
    from functions.tracker.tournaments import round_writer

    if plan.paired is None:
        report = plan.stored.report
        return Done(None, {}, {"pairing_report": report})
    round_ = plan.paired.round
    report = round_writer.describe_report(plan.paired.report)
    more = {"pairing_report": report}
    if sent.dry_run:
        return Done(None, {}, more | {"proposed_round": round_writer.describe_round(round_)})
    if round_.number > plan.stored.current_round:
        _advance(opened, plan.stored, round_.number)
    round_writer.write_round(opened, plan.stored, round_, report)
    type_ = "round_paired" if plan.what == "next" else "round_paired_again"
    return Done(type_, {"round": round_.number}, more)


def _advance(opened: Opened, stored: StoredTournament, number: int) -> None:
    rounds = _set_rounds(stored).rules.swiss_rounds if stored.tournament.format == "swiss" else None
    db.query(
        """
        update tracker.tournaments as t
        set status = 'active',
          started_at = coalesce(t.started_at, clock_timestamp()),
          current_round = %s,
          swiss_rounds = coalesce(t.swiss_rounds, %s)
        where t.id = %s
        """,
        (number, rounds, opened.request.tournament_id),
    )
