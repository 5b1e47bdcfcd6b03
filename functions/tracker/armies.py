"""Armies: lists of units, of which battles and registrations hold copies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from psycopg.types.json import Jsonb
from pydantic import Field, model_validator

from functions.shared import db, ids, tracker_tokens
from functions.shared.fields import Lenient, RequestModel, ResponseModel, fail_validation
from functions.shared.request import Caller
from functions.shared.response import Response
from functions.tracker.calls import Body, Call, to_response
from functions.tracker.fields import ChangeModel, FactionId, FilterId, Line, Name, PathId, Whole
from functions.tracker.pages import PageQuery, Pagination, open_page

MAX_BYTES = 256 * 1024
Visibility = Literal["public", "private"]
Keyword = Annotated[Line, Field(max_length=50)]
Ability = Annotated[Line, Field(max_length=100)]
Points = Annotated[int, Field(strict=True, ge=1, le=20_000), Whole]


class Unit(RequestModel):
    """A unit of an army."""

    name: Name
    points: Annotated[int, Field(strict=True, ge=0, le=5000), Whole]
    keywords: Annotated[list[Keyword], Field(max_length=30)] = Field(default_factory=list)
    abilities: Annotated[list[Ability], Field(max_length=30)] = Field(default_factory=list)


class ArmyList(RequestModel):
    """The units of an army."""

    units: Annotated[list[Unit], Field(max_length=200)] = Field(default_factory=list)


class NewArmy(RequestModel):
    """An army; its units may have fewer points than it, and not more."""

    name: Name
    faction_id: FactionId
    detachment: Name
    points_value: Points
    army_list: ArmyList
    visibility: Visibility = "public"

    @model_validator(mode="after")
    def _units_fit(self) -> NewArmy:
        if sum(unit.points for unit in self.army_list.units) > self.points_value:
            fail_validation(
                "have more points than points_value",
                "units_exceed_points_value",
                field="army_list.units",
            )
        return self


class ArmyChange(ChangeModel):
    """What changes of an army; what is absent stays. A faction is there to be the same."""

    name: Name | None = None
    faction_id: FactionId | None = None
    detachment: Name | None = None
    points_value: Points | None = None
    army_list: ArmyList | None = None
    visibility: Visibility | None = None


class ArmyPath(Lenient, RequestModel):
    """Which army a path names."""

    army_id: PathId


class ArmiesQuery(PageQuery):
    """Which armies: of an owner, of a faction."""

    owner_id: FilterId = None
    faction_id: FilterId = None


class ShownUnit(ResponseModel):
    """A unit of an army."""

    name: str
    points: int
    keywords: list[str]
    abilities: list[str]


class ShownList(ResponseModel):
    """The units of an army, in its owner's order."""

    units: list[ShownUnit]


class Army(ResponseModel):
    """An army; `list_complete`: its units have as many points as it."""

    id: str
    owner_id: str
    name: str
    faction_id: str
    detachment: str
    points_value: int
    army_list: ShownList
    units_total: int
    list_complete: bool
    visibility: Visibility
    version: int
    created_at: datetime
    updated_at: datetime


class OneArmy(ResponseModel):
    """An army."""

    army: Army


class Armies(ResponseModel):
    """A page of armies, the newest first."""

    data: list[Army]
    pagination: Pagination


def get_army(call: Call, army_id: str) -> Response:
    """An army; raises NotFound. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body, headers, is_replay
            from tracker.get_army(row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s)
            """,
            (*call, army_id),
        )
    )


def create_army(call: Call, body: Body) -> Response:
    """Makes an army of the caller's. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body, headers, is_replay
            from tracker.create_army(
              row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s
            )
            """,
            (*call, ids.sortable_id("army"), _to_columns(body), body.problem_json),
        )
    )


def change_army(call: Call, army_id: str, body: Body, versions: list[int] | None) -> Response:
    """Changes an army of the caller's; raises NotFound, Forbidden, Conflict. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body, headers, is_replay
            from tracker.change_army(
              row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s, %s
            )
            """,
            (*call, army_id, _to_columns(body), body.problem_json, versions),
        )
    )


def delete_army(call: Call, army_id: str, versions: list[int] | None) -> Response:
    """Deletes an army of the caller's that nothing needs; raises as `change_army`.

    One round trip.
    """
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body, headers, is_replay
            from tracker.delete_army(row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s)
            """,
            (*call, army_id, versions),
        )
    )


def list_armies(caller: Caller, query: ArmiesQuery) -> dict[str, Any]:
    """A page of the armies that every user may read, or that are the caller's. One round trip."""
    page = open_page(query, caller.user_id)
    rows = db.query(
        """
        select c.is_active, a.created_at, a.id, a.army
        from accounts.session_caller(%s, %s, %s::uuid) as c
        left join lateral tracker.list_armies(
          row(c.public_id, tracker.to_role(c.role))::tracker.caller, %s, %s, %s, %s, %s, %s
        ) as a on c.is_active
        """,
        (
            *(caller.user_id, caller.version, caller.session_id),
            *(query.owner_id, query.faction_id, *page.after, page.limit + 1, page.offset),
        ),
    )
    tracker_tokens.check(rows[0] if rows else None)
    found = [row for row in rows if row["id"]]
    return page.answer(found, [row["army"] for row in found], "created_at", "id")


def _to_columns(body: Body) -> Jsonb | None:
    """What was sent, with its units as the store keeps them."""
    if body.sent is None:
        return None
    sent = dict(body.sent)
    if "army_list" in sent:
        units = sent.pop("army_list").get("units", [])
        whole = [{"keywords": [], "abilities": [], **unit} for unit in units]
        sent |= {"units": whole, "units_total": sum(unit["points"] for unit in units)}
    return Jsonb(sent)
