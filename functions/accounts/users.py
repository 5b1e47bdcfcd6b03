"""Users: who has an account, made at the door of the game, of the tracker, or by an admin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from functions.accounts import passwords
from functions.shared import db, ids
from functions.shared.errors import BadRequest

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


def check_free(username: str, email: str) -> None:
    """Raises TakenError for an e-mail, else for a name, that somebody has. One round trip."""
    found = db.query(
        """
        select
          exists (select from accounts.users where lower(email) = lower(%(email)s)) as email,
          exists (select from accounts.users where lower(username) = lower(%(name)s)) as username
        """,
        {"email": email, "name": username},
    )[0]
    if found["email"]:
        raise TakenError("email")
    if found["username"]:
        raise TakenError("username")
