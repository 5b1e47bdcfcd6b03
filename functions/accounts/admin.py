"""Users and API keys as operators see and change them; each change is audited with its reason."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from functions.accounts import fields as account_fields
from functions.accounts import service_accounts, users
from functions.live import closing
from functions.shared import auth, db
from functions.shared.addresses import hash_address
from functions.shared.errors import BadRequest, NotFound
from functions.shared.fields import ResponseModel, clamped_int, fail_validation, to_integer
from functions.shared.request import Caller

MAX_MUTE_MINUTES = 525_600  # a year
Role = Literal["player", "organizer", "staff", "admin"]
Scope = Literal["tilt:write", "tilt:read", "ttt:write", "tracker", "analyst", "staff", "admin"]
Reason = Annotated[account_fields.Printable, Field(min_length=1, max_length=500)]


def _without_nul(text: str) -> str:
    if "\0" in text:
        fail_validation("must not contain a NUL character")
    return text


class Reasoned(BaseModel):
    """Why, for the audit."""

    reason: Reason | None = None


class UserQuery(Reasoned):
    """Which users: a prefix of the name or e-mail."""

    q: Annotated[str, Field(max_length=254), AfterValidator(_without_nul)] = ""
    limit: Annotated[int, clamped_int(50, 200)] = 50


class UserChange(BaseModel):
    """What changes, and why; what is absent stays."""

    role: Role | None = None
    is_active: Annotated[bool, Field(strict=True)] | None = None
    reason: Reason

    @model_validator(mode="after")
    def _changes(self) -> UserChange:
        if self.role is None and self.is_active is None:
            fail_validation("role or is_active is required")
        return self


class Mute(Reasoned):
    """For how long chat is refused; 0 ends it."""

    minutes: Annotated[
        int, Field(strict=True, ge=0, le=MAX_MUTE_MINUTES), BeforeValidator(to_integer)
    ]


class NewKey(Reasoned):
    """Who gets a key, and what it may call. With `tracker` among the scopes the name is that of a
    user, as whom the key acts under /v1."""

    name: Annotated[account_fields.Printable, Field(min_length=1, max_length=64)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=7)]


class AdminUser(ResponseModel):
    """A user as operators see them."""

    id: int
    public_id: str
    username: str
    email: str
    role: Role
    is_active: bool
    banned: bool
    must_change_password: bool
    muted_until: datetime | None
    created_at: datetime
    last_seen_at: datetime | None


class AdminUsers(ResponseModel):
    """Users, by name."""

    users: list[AdminUser]


class Key(ResponseModel):
    """A live API key; the key itself is not stored."""

    key_id: str
    name: str
    scopes: list[str]
    last_used_at: datetime | None


class Keys(ResponseModel):
    """The live API keys, the newest first."""

    keys: list[Key]


class IssuedKey(ResponseModel):
    """A new API key, which is shown once."""

    key: str
    name: str
    scopes: list[Scope]


def list_users(query: UserQuery, actor: Caller) -> dict[str, Any]:
    """The users whose name or e-mail begins with `q`, by name. Audited. One round trip."""
    rows = db.query(
        """
        with noted as (
          insert into accounts.audit (action, actor, reason)
          values ('users.listed', %(actor)s, %(reason)s)
        )
        select id, public_id, username, email, role, is_active, must_change_password, muted_until,
          created_at, last_seen_at
        from accounts.users
        where deleted_at is null
          and (
            (lower(username) ~>=~ lower(%(q)s) and lower(username) ~<~ (lower(%(q)s) || %(end)s))
            or (lower(email) ~>=~ lower(%(q)s) and lower(email) ~<~ (lower(%(q)s) || %(end)s))
          )
        order by lower(username) using ~<~, id
        limit %(limit)s
        """,
        {
            "q": query.q.strip(),
            "end": chr(0x10FFFF),
            "limit": query.limit,
            "actor": str(actor.user_id),
            "reason": query.reason,
        },
    )
    return {"users": [to_response(row) for row in rows]}


def get_user(user_id: int, reason: str | None, actor: Caller) -> dict[str, Any]:
    """A user; raises NotFound. Audited. One round trip."""
    rows = db.query(
        """
        with found as (
          select id, public_id, username, email, role, is_active, must_change_password,
            muted_until, created_at, last_seen_at
          from accounts.users
          where id = %(user_id)s
            and deleted_at is null
        ), noted as (
          insert into accounts.audit (action, user_id, actor, reason)
          select 'user.read', id, %(actor)s, %(reason)s
          from found
        )
        select *
        from found
        """,
        {"user_id": user_id, "actor": str(actor.user_id), "reason": reason},
    )
    return _only(rows)


def change_user(user_id: int, change: UserChange, actor: Caller, address: str) -> dict[str, Any]:
    """A user after a change; a ban refuses all their tokens. Raises NotFound, BadRequest."""
    if user_id == actor.user_id:
        raise BadRequest("You cannot change your own role or account")
    changed = users.Change(
        change.role, change.is_active, change.reason, address_hash=hash_address(address)
    )
    return to_response(users.change(user_id, changed, actor))


def log_out(user_id: int, reason: str | None, actor: Caller) -> dict[str, Any]:
    """A user all of whose tokens are refused from now on; raises NotFound. One round trip."""
    rows = db.query(
        """
        with changed as (
          update accounts.users
          set token_version = token_version + 1
          where id = %(user_id)s
            and deleted_at is null
          returning id, public_id, username, email, role, is_active, must_change_password,
            muted_until, created_at, last_seen_at
        ), noted as (
          insert into accounts.audit (action, user_id, actor, reason)
          select 'user.logged_out', id, %(actor)s, %(reason)s
          from changed
        )
        select *, live.is_connected(id) as is_connected
        from changed
        """,
        {"user_id": user_id, "actor": str(actor.user_id), "reason": reason},
    )
    for row in rows:
        closing.announce_sign_out(user_id, is_connected=row["is_connected"])
    return _only(rows)


def mute(user_id: int, sent: Mute, actor: Caller) -> dict[str, Any]:
    """A user whose chat is refused for some minutes; raises NotFound. One round trip."""
    rows = db.query(
        """
        with changed as (
          update accounts.users
          set muted_until = case
              when %(minutes)s > 0 then now() + make_interval(secs => %(minutes)s * 60)
            end,
            updated_at = now()
          where id = %(user_id)s
            and deleted_at is null
          returning id, public_id, username, email, role, is_active, must_change_password,
            muted_until, created_at, last_seen_at
        ), noted as (
          insert into accounts.audit (action, user_id, actor, reason, details)
          select 'user.muted', id, %(actor)s, %(reason)s,
            jsonb_build_object('minutes', %(minutes)s::integer)
          from changed
        )
        select *
        from changed
        """,
        {
            "user_id": user_id,
            "minutes": sent.minutes,
            "actor": str(actor.user_id),
            "reason": sent.reason,
        },
    )
    return _only(rows)


def issue_key(new: NewKey, actor: Caller) -> dict[str, Any]:
    """A new key, to be shown once; raises Invalid. Audited with who issued it and why."""
    key = service_accounts.issue_key(new.name, new.scopes, f"user:{actor.user_id}")
    details = {"key_id": key.split("_")[1], "name": new.name, "scopes": new.scopes}
    users.note("key.issued", None, actor, details, new.reason)
    return {"key": key, "name": new.name, "scopes": new.scopes}


def list_keys(reason: str | None, actor: Caller) -> dict[str, Any]:
    """The live keys. Audited."""
    users.note("keys.listed", None, actor, None, reason)
    return {"keys": auth.list_live_keys()}


def revoke_key(key_id: str, reason: str | None, actor: Caller) -> None:
    """Revokes a key; raises NotFound. Audited."""
    if not auth.revoke(key_id, f"user:{actor.user_id}"):
        raise NotFound("Key not found")
    users.note("key.revoked", None, actor, {"key_id": key_id}, reason)


def to_response(row: db.Row) -> dict[str, Any]:
    """A row of accounts.users as operators see it."""
    fields = ("id", "public_id", "username", "email", "role", "is_active", "must_change_password")
    times = ("muted_until", "created_at", "last_seen_at")
    return {name: row[name] for name in (*fields, *times)} | {"banned": not row["is_active"]}


def _only(rows: list[db.Row]) -> dict[str, Any]:
    if not rows:
        raise NotFound(users.UNKNOWN)
    return to_response(rows[0])
