"""Users: who has an account, made at the door of the game, of the tracker, or by an admin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from psycopg.types.json import Jsonb

from functions.accounts import passwords
from functions.live import closing
from functions.shared import db, ids
from functions.shared.errors import BadRequest, NotFound, Problem
from functions.shared.request import Caller, Request
from functions.shared.roles import check

UNKNOWN = "User not found"
Taken = Literal["email", "username"]


class TakenError(BadRequest):
    """An e-mail or a name that somebody has; each door says so in its own words."""

    def __init__(self, field: Taken) -> None:
        super().__init__(
            "Email already registered" if field == "email" else "Username already taken"
        )
        self.field = field


@dataclass(frozen=True)
class NewUser:
    """What a user is made of."""

    username: str
    email: str
    password: str
    display_name: str | None = None
    role: str = "player"
    must_change_password: bool = False
    address_hash: str | None = None  # from where they registered, which is known from now on
    is_player: bool = False  # of the web game: the player is made in the same statement


def create(new: NewUser) -> db.Row:
    """Stores a user and returns the row; raises TakenError. Two round trips, and a slow hash.

    Of many at once with one name or e-mail, one is stored.
    """
    check_free(new.username, new.email)
    found = db.query(
        """
        with new_user as (
          insert into accounts.users (
            public_id, username, email, display_name, password_hash, role, must_change_password,
            last_seen_at
          )
          values (
            %(public_id)s, %(username)s, %(email)s, %(display_name)s, %(password_hash)s, %(role)s,
            %(must_change_password)s, now()
          )
          on conflict do nothing
          returning id, public_id, username, email, display_name, profile_image_url, role,
            must_change_password, is_active, token_version, created_at, updated_at
        ), known as (
          insert into accounts.known_addresses (user_id, address_hash)
          select id, %(address_hash)s
          from new_user
          where %(address_hash)s::text is not null
        )
        select u.*, case when %(is_player)s then game.create_player(u.id, u.username) end as player
        from new_user as u
        """,
        {
            "public_id": ids.sortable_id("usr"),
            "username": new.username,
            "email": new.email,
            "display_name": new.display_name or new.username,
            "password_hash": passwords.hash_password(new.password),
            "role": new.role,
            "must_change_password": new.must_change_password,
            "address_hash": new.address_hash,
            "is_player": new.is_player,
        },
    )
    if not found:
        check_free(new.username, new.email)
        raise TakenError("username")  # somebody had it a moment ago
    return found[0]


def check_free(
    username: str, email: str, user_id: int | None = None, problem: Problem | None = None
) -> None:
    """Raises TakenError, or `problem`, for an e-mail, else for a name, of another user.

    One round trip.
    """
    found = db.query(
        """
        select
          exists (
            select
            from accounts.users
            where lower(email) = lower(%(email)s)
              and id is distinct from %(user_id)s
          ) as email,
          exists (
            select
            from accounts.users
            where lower(username) = lower(%(username)s)
              and id is distinct from %(user_id)s
          ) as username
        """,
        {"email": email, "username": username, "user_id": user_id},
    )[0]
    if found["email"]:
        raise problem or TakenError("email")
    if found["username"]:
        raise problem or TakenError("username")


def check_caller(caller: Caller) -> None:
    """Raises Unauthorized for a stale token and Forbidden for a banned user. One round trip."""
    found = db.query(
        "select is_active from accounts.caller(%s, %s)", (caller.user_id, caller.version)
    )
    check(found[0] if found else None)


def parse_id(request: Request) -> int:
    """The user id of the path; raises NotFound for what is none."""
    text = request.query()["user_id"]
    if not re.fullmatch("[1-9][0-9]{0,17}", text):
        raise NotFound(UNKNOWN)
    return int(text)


@dataclass(frozen=True)
class Change:
    """What an admin changes of a user; None leaves it."""

    role: str | None
    is_active: bool | None
    reason: str | None
    keeps_organizer: bool = False  # the panel knows no organizers: to it they are players
    address_hash: str | None = None  # of who does it


def change(user_id: int, change: Change, actor: Caller) -> db.Row:
    """A user after a change; a ban refuses their tokens. Raises NotFound. Audited.

    One round trip.
    """
    found = db.query(
        """
        with before as (
          select id, role, is_active
          from accounts.users
          where id = %(user_id)s
            and deleted_at is null
          for update
        ), changed as (
          update accounts.users as u
          set role = case
              when %(role)s = 'player' and u.role = 'organizer' and %(keeps_organizer)s
              then u.role
              else coalesce(%(role)s, u.role)
            end,
            is_active = coalesce(%(is_active)s, u.is_active),
            token_version = u.token_version
              + case when u.is_active and %(is_active)s = false then 1 else 0 end,
            updated_at = now()
          from before as b
          where u.id = b.id
          returning u.id, u.public_id, u.username, u.email, u.role, u.is_active,
            u.must_change_password, u.muted_until, u.created_at, u.last_seen_at,
            u.profile_image_url
        ), noted as (
          insert into accounts.audit (action, user_id, actor, ip_hash, reason, details)
          select 'user.changed', c.id, %(actor)s, %(address_hash)s, %(reason)s,
            jsonb_build_object(
              'role', jsonb_build_array(b.role, c.role),
              'is_active', jsonb_build_array(b.is_active, c.is_active)
            )
          from changed as c
          join before as b on b.id = c.id
        )
        select *, live.is_connected(id) as is_connected
        from changed
        """,
        {
            "user_id": user_id,
            "role": change.role,
            "keeps_organizer": change.keeps_organizer,
            "is_active": change.is_active,
            "reason": change.reason,
            "actor": str(actor.user_id),
            "address_hash": change.address_hash,
        },
    )
    if not found:
        raise NotFound(UNKNOWN)
    [row] = found
    if not row["is_active"]:
        closing.announce_sign_out(user_id, is_connected=row["is_connected"])
    return row


def note(
    action: str,
    user_id: int | None,
    actor: Caller,
    details: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Audits what somebody did to a user. One round trip."""
    db.query(
        """
        insert into accounts.audit (action, user_id, actor, details, reason)
        values (%s, %s, %s, %s, %s)
        """,
        (action, user_id, str(actor.user_id), Jsonb(details) if details else None, reason),
    )


def grant_role(username: str, role: str) -> bool:
    """Gives a user a role, by an operator's command; False where there is none. Audited."""
    return bool(
        db.query(
            """
            with before as (
              select id, role
              from accounts.users
              where lower(username) = lower(%(username)s)
              for update
            ), changed as (
              update accounts.users as u
              set role = %(role)s,
                updated_at = now()
              from before as b
              where u.id = b.id
              returning u.id
            )
            insert into accounts.audit (action, user_id, actor, details)
            select 'user.changed', c.id, 'operator',
              jsonb_build_object('role', jsonb_build_array(b.role, %(role)s::text))
            from changed as c
            join before as b on b.id = c.id
            returning user_id
            """,
            {"username": username, "role": role},
        )
    )
