"""Tournaments: making one, its settings, and its life from draft to cancellation."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Literal

from psycopg.types.json import Jsonb
from pydantic import BeforeValidator, Field, model_validator

from functions.shared import db, ids, tracker_tokens
from functions.shared.errors import NotFound
from functions.shared.fields import Lenient, RequestModel, fail_validation
from functions.shared.request import Caller
from functions.shared.response import Response
from functions.shared.settings import settings
from functions.tracker.calls import Body, Call, to_response
from functions.tracker.fields import FilterId, Id, PathId, Reason
from functions.tracker.pages import PageQuery, open_page
from functions.tracker.tournaments import fields
from functions.tracker.tournaments.changes import (
    ChangeRequest,
    Done,
    Opened,
    apply_change,
    refuse_state,
)
from functions.tracker.tournaments.models import TournamentStatus
from functions.tracker.tournaments.pairing_battles import cancel_open_battles
from functions.tracker.tournaments.rules import Format, Rules


class Settings(RequestModel):
    """Settings of a tournament."""

    description: fields.Description | None = None
    location: fields.Location | None = None
    end_date: fields.Moment | None = None
    prize_pool: fields.Money | None = None
    tables: fields.Tables | None = None


class NewTournament(Settings):
    """A tournament; its registration is open at once unless its status is draft."""

    name: fields.EventName
    format: Format
    max_participants: fields.Seats
    start_date: fields.Moment
    status: Literal["draft", "registration"] = "registration"
    co_organizer_ids: Annotated[fields.Users, Field(default_factory=list)]
    time_zone: fields.TimeZone = "UTC"
    entry_fee: fields.Fee = 0
    rules: Annotated[Rules, Field(default_factory=Rules)]
    pairing_seed: fields.PairingSeed | None = None

    @model_validator(mode="before")
    @classmethod
    def _nulls_are_defaults(cls, sent: Any) -> Any:
        return fields.drop_nulls(sent)

    @model_validator(mode="after")
    def _fits_together(self) -> NewTournament:
        if self.end_date is not None and self.end_date < self.start_date:
            fail_validation("must not be before start_date", "before_start", field="end_date")
        if self.tables is not None and len(self.tables) < self.max_participants // 2:
            fail_validation("must be a table for every two seats", "too_few", field="tables")
        return self


class TournamentChange(Settings):
    """What changes of a tournament; what is absent stays, and rules merge by key.

    Null takes a description, a location or a date away, or brings a default back.
    """

    name: fields.EventName | None = None
    format: Format | None = None
    max_participants: fields.Seats | None = None
    start_date: fields.Moment | None = None
    organizer_id: Id | None = None
    co_organizer_ids: fields.Users | None = None
    time_zone: fields.TimeZone | None = None
    entry_fee: fields.Fee | None = None
    rules: Rules | None = None
    pairing_seed: fields.PairingSeed | None = None

    @model_validator(mode="before")
    @classmethod
    def _rounds_are_a_rule(cls, sent: Any) -> Any:
        """`swiss_rounds` is taken at the top as well; most nulls say nothing."""
        if not isinstance(sent, dict):
            return sent
        rules = {} if sent.get("rules") is None else sent["rules"]
        if isinstance(rules, dict) and sent.get("swiss_rounds") is not None:
            rules = {"swiss_rounds": sent["swiss_rounds"]} | rules
        changes = sent | ({"rules": rules} if rules else {})
        return {
            name: value
            for name, value in changes.items()
            if value is not None or name in Settings.model_fields
        }


class TournamentCancellation(RequestModel):
    """Why a tournament is cancelled."""

    reason: Reason | None = None


class Nothing(RequestModel):
    """No fields."""


class TournamentPath(Lenient, RequestModel):
    """Which tournament a path names."""

    tournament_id: PathId


class TournamentsQuery(PageQuery):
    """Which tournaments: in a state, of an organiser."""

    status: Annotated[TournamentStatus | None, BeforeValidator(lambda sent: sent or None)] = None
    organizer_id: FilterId = None


def create_tournament(call: Call, body: Body) -> Response:
    """Makes a tournament of the caller's; raises Forbidden for players. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body, headers, is_replay
            from tracker.create_tournament(
              row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s, %s
            )
            """,
            (
                *call,
                ids.sortable_id("trn"),
                _draw_seed(body),
                body.problem_json,
                settings().tracker_open_organizer,
            ),
        )
    )


def get_tournament(call: Call, tournament_id: str) -> Response:
    """A tournament with its rounds; raises NotFound. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body, headers, is_replay
            from tracker.get_tournament(row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s)
            """,
            (*call, tournament_id),
        )
    )


def list_tournaments(caller: Caller, query: TournamentsQuery) -> dict[str, Any]:
    """A page of the tournaments that the caller may see. One round trip."""
    page = open_page(query, caller.user_id)
    rows = db.query(
        """
        select c.is_active, t.created_at, t.id, t.tournament
        from accounts.session_caller(%s, %s, %s::uuid) as c
        left join lateral tracker.list_tournaments(
          row(c.public_id, tracker.to_role(c.role))::tracker.caller, %s, %s, %s, %s, %s, %s
        ) as t on c.is_active
        """,
        (
            *(caller.user_id, caller.version, caller.session_id),
            *(query.status, query.organizer_id, *page.after, page.limit + 1, page.offset),
        ),
    )
    tracker_tokens.check(rows[0] if rows else None)
    found = [row for row in rows if row["id"]]
    return page.answer(found, [row["tournament"] for row in found], "created_at", "id")


def change_tournament(
    call: Call, tournament_id: str, body: Body, versions: list[int] | None
) -> Response:
    """Changes a tournament's settings; raises NotFound, Forbidden, Conflict. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body, headers, is_replay
            from tracker.change_tournament(
              row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s, %s
            )
            """,
            (*call, tournament_id, _to_change(body), body.problem_json, versions),
        )
    )


def open_registration(
    call: Call, tournament_id: str, body: Body, versions: list[int] | None
) -> Response:
    """Opens a draft for registration; raises as `change_tournament`. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body, headers, is_replay
            from tracker.open_registration(
              row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s
            )
            """,
            (*call, tournament_id, body.problem_json, versions),
        )
    )


def cancel_tournament(
    call: Call, tournament_id: str, body: Body, versions: list[int] | None
) -> Response:
    """Cancels a tournament and its open battles; raises as `change_tournament`."""

    def act(opened: Opened) -> Done:
        status = db.fetch_value(
            "select status from tracker.tournaments where id = %s", (tournament_id,)
        )
        if status in ("completed", "cancelled"):
            raise refuse_state(status, "over", "The tournament is over")
        cancel_open_battles(opened, "The tournament was cancelled")
        db.query(
            """
            update tracker.tournaments as t
            set status = 'cancelled',
              ended_at = clock_timestamp()
            where t.id = %s
            """,
            (tournament_id,),
        )
        return Done("cancelled", body.sent or {}, {})

    return apply_change(ChangeRequest(call, tournament_id, "organizer", body, versions), act)


def _draw_seed(body: Body) -> Jsonb | None:
    """A new tournament, with something to make its draws from where nothing was sent."""
    if body.sent is None:
        return None
    return Jsonb(body.sent | {"pairing_seed": body.sent["pairing_seed"] or secrets.token_hex(8)})


def _to_change(body: Body) -> Jsonb | None:
    """What changes, each rule whole."""
    if body.sent is None or "rules" not in body.sent:
        return body.json
    sent = body.sent["rules"]
    rules = Rules.model_validate(sent).model_dump(mode="json")
    return Jsonb(body.sent | {"rules": {key: rules[key] for key in sent}})


class TournamentNotFound(NotFound):
    """There is no such tournament, or it is hidden from the caller."""

    code = "TOURNAMENT_NOT_FOUND"
    message = "No such tournament"


def refuse_unknown(tournament_id: str) -> NotFound:
    """The problem of a tournament that is not there for the caller."""
    return TournamentNotFound(tournament_id=tournament_id)
