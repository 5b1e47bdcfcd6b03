"""What a request can fail with, and the body that each error family promises for it.

Raised where it is known, rendered once at the edge (response.py, gateway.py).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Literal

# How a domain's clients read errors; a domain declares its own beside its routes.
Family = Literal["plain", "game", "v1"]
_NOT_IN_ID = re.compile("[^0-9A-Za-z]")


class Problem(Exception):  # noqa: N818  an HTTP term
    """A failed request: a status, a message for the caller, and the fields that are wrong."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "INTERNAL_ERROR"
    message = "Something went wrong on our side; please try again."

    def __init__(
        self,
        message: str | None = None,
        details: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        self.message = message or self.message
        self.details = details
        self.headers = headers or {}
        self.extra = extra  # further keys of the body, where a contract promises them
        super().__init__(self.message)


class BadRequest(Problem):
    """The request cannot be read, or breaks a rule."""

    status = HTTPStatus.BAD_REQUEST
    code = "BAD_REQUEST"
    message = "The request cannot be understood."


class InvalidJson(BadRequest):
    """The body is no JSON; `position`: of the first character that is none, if that is known."""

    message = "Invalid JSON"

    def __init__(self, problem: str, position: int | None = None) -> None:
        super().__init__(None, [{"field": "body", "problem": problem}])
        self.position = position


class Invalid(BadRequest):
    """A field is missing or wrong; families differ in the status they promise for it."""

    code = "VALIDATION_ERROR"


class Unauthorized(Problem):
    """The request names nobody, or nobody known."""

    status = HTTPStatus.UNAUTHORIZED
    code = "UNAUTHORIZED"
    message = "An API key is needed."


class Forbidden(Problem):
    """The caller is known and may not do this."""

    status = HTTPStatus.FORBIDDEN
    code = "FORBIDDEN"
    message = "This key may not do that."


class NotFound(Problem):
    """Nothing is stored under this path or id."""

    status = HTTPStatus.NOT_FOUND
    code = "NOT_FOUND"
    message = "Not found"


class MethodNotAllowed(Problem):
    """The path exists, but not for this method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "METHOD_NOT_ALLOWED"
    message = "Method not allowed"


class Conflict(Problem):
    """What is sent contradicts what is stored."""

    status = HTTPStatus.CONFLICT
    code = "CONFLICT"
    message = "This is there already, with other content."


class TooLarge(Problem):
    """The body is larger than this route takes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "PAYLOAD_TOO_LARGE"
    message = "Payload too large"


class TooManyRequests(Problem):
    """The caller exceeds a rate limit."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "TOO_MANY_REQUESTS"
    message = "Too many requests; please slow down."


class NotImplementedYet(Problem):
    """The contract names this, and it is not built."""

    status = HTTPStatus.NOT_IMPLEMENTED
    code = "NOT_IMPLEMENTED"
    message = "Not implemented"


class Unavailable(Problem):
    """Nothing can be answered or kept now; the caller may repeat the request."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "UNAVAILABLE"
    message = "Database not connected"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, headers={"Retry-After": "5"})


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, or is starting, stopping, hanging, full or read-only."""


def get_status(problem: Problem, family: Family) -> HTTPStatus:
    """The status that a family promises for a problem."""
    if isinstance(problem, Invalid) and family != "plain":
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return problem.status


def get_request_id(family: Family, request_id: str) -> str:
    """The id of a request as a family's clients see it; `request_id` is the gateway's."""
    return "req_" + _NOT_IN_ID.sub("", request_id) if family == "v1" else request_id


# What the web game calls these, where nothing more exact is known.
_BY_PHRASE = (
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.INTERNAL_SERVER_ERROR,
)
_V1_CODES = {
    "BAD_REQUEST": "INVALID_JSON",
    "TOO_MANY_REQUESTS": "RATE_LIMITED",
    "UNAVAILABLE": "SERVICE_UNAVAILABLE",
}


def _v1_details(problem: Problem) -> dict[str, Any]:
    """An object, whatever there is to say."""
    if isinstance(problem, InvalidJson):
        return {} if problem.position is None else {"position": problem.position}
    if problem.details:
        fields = [
            {
                "field": one["field"],
                "rule": one.get("rule") or _name_rule(one["problem"]),
                "message": one["problem"],
            }
            for one in problem.details
        ]
        return {"fields": fields}
    if isinstance(problem, TooLarge):
        return {"limit_bytes": problem.extra.get("maxBytes")}
    if isinstance(problem, Unavailable):
        return {"retry_after": int(problem.headers["Retry-After"])}
    return problem.extra


def _name_rule(problem: str) -> str:
    return "required" if problem == "is required" else "invalid"


def build_body(problem: Problem, family: Family, request_id: str) -> dict[str, Any]:
    """The error body that the clients of a family read."""
    if family == "v1":
        return {
            "error": {
                "code": _V1_CODES.get(problem.code, problem.code),
                "message": problem.message,
                "details": _v1_details(problem),
            },
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "request_id": get_request_id(family, request_id),
        }
    if family == "game":
        fields = [
            {
                "loc": ["body", *one["field"].split(".")],
                "msg": one["problem"],
                "type": "missing" if one["problem"] == "is required" else "value_error",
            }
            for one in (problem.details or [] if isinstance(problem, Invalid) else [])
        ]
        # The panel shares a path with the game and reads `error`.
        is_plain_status = problem.status in _BY_PHRASE and problem.message == type(problem).message
        words = HTTPStatus(problem.status).phrase if is_plain_status else problem.message
        return {"detail": fields or words} | {
            key: text for key, text in problem.extra.items() if key == "error"
        }
    body: dict[str, Any] = {"error": problem.message}
    if problem.details:
        body["details"] = problem.details
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        body["requestId"] = request_id
    return body | problem.extra
