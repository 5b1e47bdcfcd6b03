"""`/api/auth`: register, log in and log out at the web game's door and at the log panel's."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from functions.accounts import fields as account_fields
from functions.accounts import login_limits, logins, panel, panel_users, password_resets, users
from functions.shared import tokens
from functions.shared.addresses import hash_address
from functions.shared.errors import BadRequest, Invalid
from functions.shared.fields import ResponseModel, parse
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes
from functions.shared.users import RequireUser

MAX_BYTES = 64 * 1024

routes = Routes(__name__, family="game", prefix="/api/auth/")
session = RequireUser("panel")


class NewPlayer(BaseModel):
    """Who registers at the web game; names are unique whatever their case."""

    email: account_fields.Email
    password: account_fields.GamePassword
    username: account_fields.GameName


class Login(BaseModel):
    """A login at the web game."""

    email: account_fields.Email
    password: account_fields.SentPassword


class AnyLogin(RootModel[Login | panel.PanelLogin]):
    """A login at the web game or, with `emailOrUser`, at the log panel."""

    model_config = ConfigDict(defer_build=True)


class AccessToken(ResponseModel):
    """A token of seven days, to be sent as `Authorization: Bearer <token>`."""

    access_token: str
    token_type: Literal["bearer"]


class AnyAnswer(RootModel[AccessToken | panel.PanelSession]):
    """The web game's token, or the panel's with its user."""

    model_config = ConfigDict(defer_build=True)


class Forgotten(BaseModel):
    """Whose password is forgotten."""

    email: account_fields.Email


class Reset(BaseModel):
    """The token out of the mail, and the new password."""

    token: str = Field(min_length=1, max_length=200, strict=True)
    password: account_fields.GamePassword


class Done(ResponseModel):
    """What was done, in a sentence."""

    message: str


@routes.post(
    "/api/auth/register",
    body=NewPlayer,
    max_bytes=MAX_BYTES,
    answers={
        HTTPStatus.CREATED: AccessToken,
        HTTPStatus.BAD_REQUEST: "The e-mail or the name is taken",
    },
    rate_limited=True,
)
def register(request: Request, new: NewPlayer) -> Response:
    """Makes a user and their player, and returns a token.

    400 `Email already registered` or `Username already taken`; 429 after too many from one address.
    """
    address_hash = hash_address(request.address)
    login_limits.count_registration(address_hash, new.email)
    made = users.NewUser(
        new.username, new.email, new.password, address_hash=address_hash, is_player=True
    )
    user = users.create(made)
    return Response(_token(user), HTTPStatus.CREATED)


@routes.post(
    "/api/auth/login",
    body=AnyLogin,
    raw_body=True,
    answers={
        HTTPStatus.OK: AnyAnswer,
        HTTPStatus.BAD_REQUEST: "Of the panel: the e-mail, name or password is missing",
        HTTPStatus.UNAUTHORIZED: "The e-mail or the password is wrong",
        HTTPStatus.FORBIDDEN: "The account is inactive",
    },
    rate_limited=True,
)
def log_in(request: Request) -> dict[str, Any]:
    """Returns a token. A body with `emailOrUser` is a login at the log panel."""
    sent = request.body(MAX_BYTES)
    if not isinstance(sent, dict):
        raise BadRequest("The body must be a JSON object.")
    if "emailOrUser" in sent:
        return panel.log_in(sent, request.address)
    login = parse(Login, sent)
    return _token(logins.log_in(login.email, login.password, request.address, is_player=True))


@routes.post("/api/auth/logout", answers={HTTPStatus.OK: Done}, uses_database=False)
def log_out(request: Request) -> dict[str, Any]:
    """Does nothing, for the client forgets its token by itself; it needs none here."""
    return {"message": "Successfully logged out"}


@routes.post(
    "/api/auth/password/forgot",
    body=Forgotten,
    max_bytes=MAX_BYTES,
    answers={HTTPStatus.ACCEPTED: Done},
    rate_limited=True,
)
def forgot_password(request: Request, sent: Forgotten) -> Response:
    """Mails a token to choose a new password with; the same answer for an unknown e-mail."""
    password_resets.request_reset(sent.email, request.address)
    message = "If there is an account with that e-mail, a mail is on its way"
    return Response({"message": message}, HTTPStatus.ACCEPTED)


@routes.post(
    "/api/auth/password/reset",
    body=Reset,
    max_bytes=MAX_BYTES,
    answers={HTTPStatus.OK: Done, HTTPStatus.BAD_REQUEST: "The token is used, expired or unknown"},
    rate_limited=True,
)
def reset_password(request: Request, sent: Reset) -> dict[str, Any]:
    """Replaces a password by means of a mailed token, which works once; ends every session."""
    password_resets.reset(sent.token, sent.password, request.address)
    return {"message": "The password is changed"}


@routes.post(
    "/api/auth/change-password",
    guard=session,
    body=panel_users.PasswordChange,
    raw_body=True,
    answers={
        HTTPStatus.OK: panel_users.OwnUser,
        HTTPStatus.BAD_REQUEST: "A password is missing or too short",
    },
    rate_limited=True,
)
def change_password(request: Request) -> dict[str, Any]:
    """Changes the password of the caller, who is logged in at the log panel.

    400 for a missing or short password, 401 `Invalid current password`.
    """
    with panel.spoken():
        users.check_caller(request.user)
        sent = request.body(MAX_BYTES)
        try:
            change = parse(panel_users.PasswordChange, sent)
        except Invalid as invalid:
            raise BadRequest(invalid.message) from None
        return panel_users.change_password(request.user, change, request.address)


def _token(user: dict[str, Any]) -> dict[str, Any]:
    token = tokens.issue("game", user["id"], user["email"], user["token_version"])
    return {"access_token": token, "token_type": "bearer"}
