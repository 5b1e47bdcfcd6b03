"""What answers about tournaments hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from functions.shared.fields import ResponseModel
from functions.tracker.pages import Pagination
from functions.tracker.tournaments.rules import Format, ShownRules

TournamentStatus = Literal["draft", "registration", "active", "completed", "cancelled"]
RegistrationStatus = Literal["confirmed", "waitlisted", "withdrawn", "dropped", "disqualified"]


class RegisteredArmy(ResponseModel):
    """An army as it was when it was registered."""

    name: str
    faction_id: str
    detachment: str
    points_value: int


class Participant(ResponseModel):
    """A user in a tournament; `waitlist_position` counts from 1, for who waits."""

    user_id: str
    display_name: str
    army_id: str
    army: RegisteredArmy
    status: RegistrationStatus
    seed: int | None
    club: str | None
    fixed_table: int | None
    registered_at: datetime
    dropped_after_round: int | None
    waitlist_position: int | None


class Pairing(ResponseModel):
    """Two players who meet; what it came to is null, and `victory_points` {}, until it is over."""

    battle_id: str
    player1_id: str
    player2_id: str
    table_number: int | None
    status: Literal["setup", "in_progress", "completed", "cancelled"]
    winner_id: str | None
    victory_points: dict[str, int]
    result_type: str | None
    warnings: list[str]
    locked: bool
    bracket: Literal["winners", "losers", "grand_final", "third_place"] | None
    match_code: str | None


class Bye(ResponseModel):
    """A player who has a round off, and why."""

    player_id: str
    reason: Literal["odd_number", "bracket", "walkover"]


class Round(ResponseModel):
    """A round that is paired; `stale`: a correction would pair it otherwise now."""

    round_number: int
    status: Literal["paired", "in_progress", "completed"]
    stale: bool
    pairings: list[Pairing]
    byes: list[Bye]


class Tournament(ResponseModel):
    """A tournament; rows of lists have no rounds. `pairing_seed`: null for who may not see it."""

    id: str
    status: TournamentStatus
    organizer_id: str
    co_organizer_ids: list[str]
    name: str
    description: str | None
    location: str | None
    time_zone: str
    format: Format
    start_date: datetime
    end_date: datetime
    entry_fee: float
    prize_pool: float
    rules: ShownRules
    tables: list[int]
    max_participants: int
    current_participants: int
    waitlist_count: int
    current_round: int
    rounds: list[Round]
    champion_id: str | None
    pairing_seed: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class TournamentAnswer(ResponseModel):
    """A tournament."""

    tournament: Tournament


class RegistrationAnswer(ResponseModel):
    """A tournament, and a user in it."""

    tournament: Tournament
    participant: Participant


class ParticipantAnswer(ResponseModel):
    """A user in a tournament."""

    participant: Participant


class AffectedMatch(ResponseModel):
    """A match of a bracket that is no longer between whom it was; `has_result`: it was played.

    Null where there was none, or where the players are not known yet.
    """

    battle_id: str | None
    round: int
    match_code: str
    old_players: list[str] | None
    new_players: list[str] | None
    has_result: bool


class DropAnswer(ResponseModel):
    """A tournament after a player left it, and the matches that this changed."""

    tournament: Tournament
    affected_matches: list[AffectedMatch]


class Cost(ResponseModel):
    """What a Swiss pairing costs, compared from the first term on.

    R: earlier meetings; B: the free wins that the bye's receiver had; C: pairs of one club; P: the
    receiver's place from the last; S: squared gaps of scores; F: repeated floats; I: squared
    distances of places.
    """

    R: int
    B: int
    C: int
    P: int
    S: int
    F: int
    I: int  # noqa: E741  the contract's


class Rematch(ResponseModel):
    """Two players who meet again, and the rounds in which they met."""

    players: list[str]
    rounds: list[int]


class CrossRecord(ResponseModel):
    """Two paired players of unequal match points, the better one first."""

    players: list[str]
    match_points: list[int]


class PairingReport(ResponseModel):
    """Why a round is paired as it is: each decision, in numbers and in sentences.

    `order` has the players by place, in brackets by seed; a bracket has no `cost`.
    """

    order: list[str]
    cost: Cost | None
    rematch_free_possible: bool
    rematches: list[Rematch]
    repeat_bye: str | None
    same_club: list[list[str]]
    cross_record: list[CrossRecord]
    notes: list[str]


class ProposedPairing(ResponseModel):
    """Two players who would meet."""

    player1_id: str
    player2_id: str
    table_number: int | None
    locked: bool
    bracket: str | None
    match_code: str | None


class ProposedRound(ResponseModel):
    """A round that is not stored."""

    round_number: int
    pairings: list[ProposedPairing]
    byes: list[Bye]


class Paired(ResponseModel):
    """A tournament, and why its round is paired as it is; of a dry run the round it proposes."""

    tournament: Tournament
    pairing_report: PairingReport
    proposed_round: ProposedRound | None = None


class ReportedRound(Round):
    """A round, and why it is paired as it is."""

    pairing_report: PairingReport


class RoundAnswer(ResponseModel):
    """A round."""

    round: ReportedRound


class Rounds(ResponseModel):
    """All rounds of a tournament, the first one first."""

    rounds: list[ReportedRound]


class Tournaments(ResponseModel):
    """A page of tournaments."""

    data: list[Tournament]
    pagination: Pagination


class Participants(ResponseModel):
    """A page of the users of a tournament, in the order of registration."""

    data: list[Participant]
    pagination: Pagination


class Event(ResponseModel):
    """Something that was done to a tournament."""

    seq: int
    type: str
    actor_id: str | None
    actor_role: Literal["player", "organizer", "admin", "system"]
    at: datetime
    data: dict[str, Any]
    request_id: str | None


class Events(ResponseModel):
    """A page of what was done to a tournament, oldest first."""

    data: list[Event]
    pagination: Pagination
