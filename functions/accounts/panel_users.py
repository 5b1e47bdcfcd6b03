"""The users of the log panel, as its admins see and change them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, RootModel

from functions.accounts import authors, erasure, logins, passwords, users
from functions.accounts import fields as account_fields
from functions.accounts.panel import PanelUser, Role, to_response
from functions.live import closing
from functions.shared import db
from functions.shared.addresses import hash_address
from functions.shared.errors import BadRequest, Conflict, NotFound, Unauthorized
from functions.shared.fields import CamelModel, ResponseModel
from functions.shared.request import Caller

MAX_LISTED = 1000
STORED: dict[Role, str] = {"USER": "player", "ADMIN": "staff", "SUPERADMIN": "admin"}
_TAKEN = "User already exists"


class NewPanelUser(CamelModel):
    """An account that an admin makes; its password must be changed at the first login."""

    username: account_fields.GameName
    email: account_fields.Email
    password: account_fields.PanelPassword
    role: Role = "USER"


class PanelUserChange(CamelModel):
    """What changes; what is absent stays."""

    username: account_fields.GameName | None = None
    email: account_fields.Email | None = None
    password: account_fields.PanelPassword | None = None


class RoleChange(BaseModel):
    """The role from now on."""

    role: Role


class PasswordChange(CamelModel):
    """The password, and the one that replaces it."""

    current_password: account_fields.SentPassword
    new_password: account_fields.PanelPassword


class PanelUsers(RootModel[list[PanelUser]]):
    """Users of the panel, staff first, then the newest."""


class OwnUser(ResponseModel):
    """The caller's own user."""

    user: PanelUser


def list_users() -> list[dict[str, Any]]:
    """At most MAX_LISTED users, those with a role first, then the newest. One round trip."""
    rows = db.query(
        """
        select id, username, email, role, must_change_password, created_at, profile_image_url
        from accounts.users
        where deleted_at is null
        order by role not in ('staff', 'admin'), id desc
        limit %s
        """,
        (MAX_LISTED,),
    )
    return [to_response(row) for row in rows]


def create_user(new: NewPanelUser, actor: Caller) -> dict[str, Any]:
    """Stores a user who must choose a password; raises Conflict. Audited."""
    try:
        row = users.create(
            users.NewUser(
                new.username,
                new.email,
                new.password,
                role=STORED[new.role],
                must_change_password=True,
            )
        )
    except users.TakenError:
        raise Conflict(_TAKEN) from None
    users.note("user.created", row["id"], actor, details={"role": row["role"]})
    return to_response(row)


def change_user(user_id: int, change: PanelUserChange, actor: Caller) -> dict[str, Any]:
    """A user after a change; raises NotFound, Conflict. A new password must be changed. Audited.

    Their player in the web game is renamed with them, and what they wrote as staff.
    """
    hashed = passwords.hash_password(change.password) if change.password else None
    users.check_free(change.username or "", change.email or "", user_id, Conflict(_TAKEN))
    found = _change(
        {
            "user_id": user_id,
            "username": change.username,
            "email": change.email,
            "password_hash": hashed,
            "actor": str(actor.user_id),
        }
    )
    if not found:
        raise NotFound(users.UNKNOWN)
    if hashed:
        closing.announce_sign_out(user_id, is_connected=found[0]["is_connected"])
    return to_response(found[0])


@db.retried
def _change(values: dict[str, Any]) -> list[db.Row]:
    with db.transaction():
        found = db.query(_CHANGE, values)
        for row in found:
            if row["former_author"]:
                authors.rename(row["former_author"], row["username"])
    return found


_CHANGE = """
    with before as (
      select id, username
      from accounts.users
      where id = %(user_id)s
        and deleted_at is null
      for update
    ), changed as (
      update accounts.users as u
      set username = coalesce(%(username)s, u.username),
        email = coalesce(%(email)s, u.email),
        password_hash = coalesce(%(password_hash)s, u.password_hash),
        must_change_password = u.must_change_password or %(password_hash)s::text is not null,
        token_version = u.token_version + (%(password_hash)s::text is not null)::integer,
        updated_at = now()
      from before as b
      where u.id = b.id
      returning u.id, u.username, u.email, u.role, u.must_change_password, u.created_at,
        u.profile_image_url
    ), noted as (
      insert into accounts.audit (action, user_id, actor)
      select 'user.changed', id, %(actor)s
      from changed
    )
    select c.*,
      case
        when c.username <> b.username and c.role in ('staff', 'admin') then b.username
      end as former_author,
      case when c.username <> b.username then game.rename_player(c.id, c.username) end,
      case
        when c.username <> b.username and c.role in ('staff', 'admin')
        then logs.rename_author(b.username, c.username)
      end,
      live.is_connected(c.id) as is_connected
    from changed as c
    join before as b on b.id = c.id
"""


def change_role(user_id: int, role: Role, actor: Caller, address: str) -> dict[str, Any]:
    """A user with another role; an organizer stays one as USER. Raises NotFound, BadRequest."""
    if user_id == actor.user_id:
        raise BadRequest("You cannot change your own role")
    change = users.Change(
        STORED[role], None, None, keeps_organizer=True, address_hash=hash_address(address)
    )
    return to_response(users.change(user_id, change, actor))


def delete_user(user_id: int, actor: Caller) -> None:
    """Erases a user; raises NotFound, and BadRequest for the caller's own account."""
    if user_id == actor.user_id:
        raise BadRequest("You cannot delete your own account")
    if not erasure.erase(user_id, str(actor.user_id)):
        raise NotFound(users.UNKNOWN)


def change_password(caller: Caller, change: PasswordChange, address: str) -> dict[str, Any]:
    """The caller's user after their password was changed; limits as for a login. Audited."""
    try:
        logins.check_password(caller.user_id, change.current_password, address)
    except Unauthorized:
        raise Unauthorized("Invalid current password") from None
    found = db.query(
        """
        with changed as (
          update accounts.users as u
          set password_hash = %(password_hash)s,
            must_change_password = false,
            updated_at = now()
          from accounts.caller(%(user_id)s, %(version)s) as c
          where u.id = c.id
            and c.is_active
          returning u.id, u.username, u.email, u.role, u.must_change_password, u.created_at,
            u.profile_image_url
        ), noted as (
          insert into accounts.audit (action, user_id, actor)
          select 'password.changed', id, id::text
          from changed
        )
        select *
        from changed
        """,
        {
            "password_hash": passwords.hash_password(change.new_password),
            "user_id": caller.user_id,
            "version": caller.version,
        },
    )
    if not found:
        raise Unauthorized("Could not validate credentials")
    return {"user": to_response(found[0])}
