"""`/api/auth`: register, log in and log out at the web game's door and at the log panel's."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, RootModel

from functions.accounts import fields as account_fields
from functions.accounts import login_limits, logins, panel, users
from functions.shared import tokens
from functions.shared.addresses import hash_address
from functions.shared.errors import BadRequest
from functions.shared.fields import ResponseModel, parse
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

MAX_BYTES = 64 * 1024

routes = Routes(__name__, family="game")


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


class LoggedOut(ResponseModel):
    """Nothing is left to do: the client forgets its token."""

    message: str


@routes.post(
    "/api/auth/register",
    body=NewPlayer,
    max_bytes=MAX_BYTES,
    answers={201: AccessToken, 400: "The e-mail or the name is taken"},
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
    return Response(_token(user), 201)


@routes.post(
    "/api/auth/login",
    body=AnyLogin,
    raw_body=True,
    answers={
        200: AnyAnswer,
        400: "Of the panel: the e-mail, name or password is missing",
        401: "The e-mail or the password is wrong",
        403: "The account is inactive",
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


@routes.post("/api/auth/logout", answers={200: LoggedOut})
def log_out(request: Request) -> dict[str, Any]:
    """Does nothing, for the client forgets its token by itself; it needs none here."""
    return {"message": "Successfully logged out"}


def _token(user: dict[str, Any]) -> dict[str, Any]:
    token = tokens.issue("game", user["id"], user["email"], user["token_version"])
    return {"access_token": token, "token_type": "bearer"}
