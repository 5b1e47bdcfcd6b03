"""What is kept about a person, in every domain that knows their account, for them to take along."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel

from functions.accounts.admin import Role
from functions.shared import cursors, db
from functions.shared.fields import Cursor, ResponseModel, clamped_int
from functions.shared.request import Caller
from functions.shared.roles import check

MAX_RECORDS = 1000  # of a page: with the longest chat messages some 2 MB


class ExportQuery(BaseModel):
    """Which page of the records: 1000 of them unless fewer are asked for."""

    cursor: Cursor = None
    limit: Annotated[int, clamped_int(MAX_RECORDS, MAX_RECORDS)] = MAX_RECORDS


class ExportedAccount(ResponseModel):
    """The account, but for the password's hash."""

    id: int
    public_id: str
    username: str
    email: str
    display_name: str
    profile_image_url: str | None
    role: Role
    must_change_password: bool
    muted_until: datetime | None
    created_at: datetime
    updated_at: datetime
    last_seen_at: datetime | None


class Export(ResponseModel):
    """All that is kept; `records` by their kind, and over all kinds the oldest first.

    `player`: of the web game as it is now, null for who never played. `next_cursor`: where the
    records go on; null where these are the last.
    """

    exported_at: datetime
    account: ExportedAccount
    player: dict[str, Any] | None
    records: dict[str, list[dict[str, Any]]]
    next_cursor: str | None


def export(caller: Caller, query: ExportQuery) -> dict[str, Any]:
    """A page of it; raises Unauthorized, Forbidden and, for another's cursor, Invalid.

    One round trip. A page ends between two moments: what one transaction wrote is never split.
    """
    bound = {"list": "export", "user": caller.user_id}
    [after] = cursors.decode(query.cursor, **bound) if query.cursor else ["-infinity"]
    found = db.query(
        """
        with caller as (
          select u.*
          from accounts.caller(%(user_id)s, %(version)s) as c
          join accounts.users as u on u.id = c.id
        ), page as (
          select r.*
          from caller as c
          cross join lateral (
            select *
            from accounts.export_records(c.id, %(after)s::timestamptz, %(limit)s)
            union all
            select *
            from game.export_records(c.id, %(after)s::timestamptz, %(limit)s)
            union all
            select *
            from tracker.export_records(c.public_id, %(after)s::timestamptz, %(limit)s)
          ) as r
          where c.is_active
          order by r.at
          fetch first (%(limit)s) rows with ties
        ), lists as (
          select list, jsonb_agg(record order by at, record -> 'id') as records
          from page
          group by list
        )
        select c.id, c.public_id, c.username, c.email, c.display_name, c.profile_image_url, c.role,
          c.is_active, c.must_change_password, c.muted_until, c.created_at, c.updated_at,
          c.last_seen_at,
          (select jsonb_object_agg(list, records) from lists) as records,
          (select count(*) from page) as counted,
          (select max(at) from page) as last_at,
          game.export_player(c.id) as player
        from caller as c
        """,
        {
            "user_id": caller.user_id,
            "version": caller.version,
            "after": after,
            "limit": query.limit,
        },
    )
    row = check(found[0] if found else None)
    is_last = row["counted"] < query.limit
    return {
        "exported_at": datetime.now(UTC),
        "account": {name: row[name] for name in ExportedAccount.model_fields},
        "player": row["player"],
        "records": row["records"] or {},
        "next_cursor": None if is_last else cursors.encode([row["last_at"]], **bound),
    }
