"""Users as the tracker shows them to each other."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from functions.shared import db, tracker_tokens
from functions.shared.fields import Lenient, RequestModel, ResponseModel, fail_validation
from functions.shared.request import Caller
from functions.shared.response import Response
from functions.tracker.calls import Body, Call, to_response
from functions.tracker.fields import PathId
from functions.tracker.pages import PageQuery, Pagination, open_page

Role = Literal["player", "organizer", "admin"]


def _prefix(text: str) -> str:
    if not 2 <= len(text) <= 64 or not text.isprintable():
        fail_validation("must have 2 to 64 printable characters")
    return text


class UserPath(Lenient, RequestModel):
    """Which user a path names."""

    user_id: PathId


class UsersQuery(PageQuery):
    """Which users: those whose names begin with `q`."""

    q: Annotated[
        str,
        BeforeValidator(lambda sent: str(sent).strip(), json_schema_input_type=str),
        AfterValidator(_prefix),
    ]


class RoleChange(RequestModel):
    """What a user may do from now on."""

    role: Role


class PublicUser(ResponseModel):
    """A user of the tracker; `email` is null but for themselves and for admins."""

    id: str
    username: str
    email: str | None
    display_name: str
    role: Role
    profile_image_url: str | None
    tournament_wins: int
    total_battles: int
    created_at: datetime
    updated_at: datetime


class OneUser(ResponseModel):
    """A user."""

    user: PublicUser


class Users(ResponseModel):
    """A page of users, the newest first; without their e-mails."""

    data: list[PublicUser]
    pagination: Pagination


def get_user(call: Call, user_id: str) -> Response:
    """A user; raises NotFound. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body, headers, is_replay
            from tracker.get_user(row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s)
            """,
            (*call, user_id),
        )
    )


def change_user(call: Call, user_id: str, body: Body, address_hash: str) -> Response:
    """Gives a user a role; raises NotFound, Forbidden. Audited. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body, headers, is_replay
            from tracker.change_user(
              row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s, %s
            )
            """,
            (*call, user_id, body.sent and body.sent["role"], body.problem_json, address_hash),
        )
    )


def list_users(caller: Caller, query: UsersQuery) -> dict[str, Any]:
    """A page of the users whose names begin with a text. One round trip."""
    page = open_page(query, caller.user_id)
    rows = db.query(
        """
        select c.is_active, u.created_at, u.id, u.shown
        from accounts.session_caller(%s, %s, %s::uuid) as c
        left join lateral tracker.list_users(
          row(c.public_id, tracker.to_role(c.role))::tracker.caller, %s, %s, %s, %s, %s
        ) as u on c.is_active
        """,
        (
            *(caller.user_id, caller.version, caller.session_id),
            *(query.q, *page.after, page.limit + 1, page.offset),
        ),
    )
    tracker_tokens.check(rows[0] if rows else None)
    found = [row for row in rows if row["id"]]
    return page.answer(found, [row["shown"] for row in found], "created_at", "id")
