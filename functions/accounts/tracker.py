"""The tracker's view of a user, and what a user may change there."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from functions.accounts import fields as account_fields
from functions.accounts import sessions
from functions.shared import db, tracker_tokens
from functions.shared.fields import ResponseModel, fail_validation
from functions.shared.request import Caller

Role = Literal["player", "organizer", "admin"]
_ROLES: dict[str, Role] = {"player": "player", "organizer": "organizer", "admin": "admin"}


def _https(text: str) -> str:
    if not text.startswith("https://") or not text.isprintable() or " " in text:
        fail_validation("must be an https URL")
    return text


DisplayName = Annotated[account_fields.Printable, Field(min_length=1, max_length=64)]
ImageUrl = Annotated[
    account_fields.Text, Field(max_length=500), account_fields.Trimmed, AfterValidator(_https)
]


class NewTrackerUser(BaseModel):
    """Who registers at the tracker; the role is always player."""

    username: account_fields.TrackerName
    email: account_fields.Email
    password: account_fields.TrackerPassword
    display_name: DisplayName | None = None


class TrackerLogin(BaseModel):
    """A login by name or e-mail."""

    username: account_fields.Identifier
    password: account_fields.SentPassword


class Refresh(BaseModel):
    """The refresh token of the last answer."""

    refresh_token: str = Field(strict=True)


class Logout(BaseModel):
    """Which session ends: that of the access token, that of a refresh token, or all."""

    refresh_token: str | None = Field(None, strict=True)
    all: bool = Field(False, strict=True)


class ProfileChange(BaseModel):
    """What changes; what is absent stays, and null takes the picture away."""

    display_name: DisplayName | None = None
    profile_image_url: ImageUrl | None = None


class Deletion(BaseModel):
    """The password, again."""

    password: account_fields.SentPassword


class TrackerUser(ResponseModel):
    """A user of the tracker; `email` is shown to themselves and to admins."""

    id: str
    username: str
    email: str
    display_name: str
    role: Role
    profile_image_url: str | None
    tournament_wins: int
    total_battles: int
    created_at: datetime
    updated_at: datetime


class Profile(ResponseModel):
    """The caller's own user."""

    user: TrackerUser


class AuthResponse(ResponseModel):
    """An access token of an hour, a refresh token of seven days that works once, and the user."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    user: TrackerUser


class JsonWebKey(ResponseModel):
    """A public RSA key."""

    kty: str
    n: str
    e: str
    kid: str
    use: str
    alg: str


class JsonWebKeys(ResponseModel):
    """The keys that verify access tokens."""

    keys: list[JsonWebKey]


def to_auth_response(opened: sessions.Opened) -> dict[str, Any]:
    """What the client of a session gets; signs an access token."""
    from functions.accounts import signing_keys  # needs the layer Rs256

    return {
        "access_token": signing_keys.issue(opened.user, opened.id),
        "refresh_token": opened.refresh_token,
        "token_type": "Bearer",
        "expires_in": signing_keys.LIFETIME_SECONDS,
        "user": to_response(opened.user),
    }


def to_response(user: db.Row) -> dict[str, Any]:
    """A row of accounts.users as its owner sees it; staff of the panel are players here."""
    return {
        "id": user["public_id"],
        "username": user["username"],
        "email": user["email"],
        "display_name": user["display_name"],
        "role": _ROLES.get(user["role"], "player"),
        "profile_image_url": user["profile_image_url"],
        "tournament_wins": user["tournament_wins"],
        "total_battles": user["total_battles"],
        "created_at": user["created_at"],
        "updated_at": user["updated_at"],
    }


def get_profile(caller: Caller) -> dict[str, Any]:
    """The caller's own user; raises Unauthorized, Forbidden. One round trip."""
    found = db.query(
        """
        select u.id, u.public_id, u.username, u.email, u.display_name, u.profile_image_url, u.role,
          u.is_active, u.created_at, u.updated_at, p.total_battles, p.tournament_wins
        from accounts.session_caller(%s, %s, %s::uuid) as c
        join accounts.users as u on u.id = c.id
        cross join lateral tracker.count_played(u.public_id) as p
        """,
        (caller.user_id, caller.version, caller.session_id),
    )
    return {"user": to_response(dict(tracker_tokens.check(found[0] if found else None)))}


def change_profile(caller: Caller, change: ProfileChange) -> dict[str, Any]:
    """The caller's own user after a change; raises Unauthorized, Forbidden. One round trip."""
    sent = change.model_dump(exclude_unset=True)
    found = db.query(
        """
        with caller as (
          select *
          from accounts.session_caller(%(user_id)s, %(version)s, %(session_id)s::uuid)
        ), changed as (
          update accounts.users as u
          set display_name = coalesce(%(display_name)s, u.display_name),
            profile_image_url = case
              when %(has_image)s then %(profile_image_url)s
              else u.profile_image_url
            end,
            updated_at = now()
          from caller as c
          where u.id = c.id
            and c.is_active
          returning u.id, u.public_id, u.username, u.email, u.display_name, u.profile_image_url,
            u.role, u.created_at, u.updated_at
        )
        select c.is_active, u.*, p.total_battles, p.tournament_wins
        from caller as c
        left join changed as u on u.id = c.id
        cross join lateral tracker.count_played(c.public_id) as p
        """,
        {
            "user_id": caller.user_id,
            "version": caller.version,
            "session_id": caller.session_id,
            "display_name": sent.get("display_name"),
            "has_image": "profile_image_url" in sent,
            "profile_image_url": sent.get("profile_image_url"),
        },
    )
    return {"user": to_response(dict(tracker_tokens.check(found[0] if found else None)))}
