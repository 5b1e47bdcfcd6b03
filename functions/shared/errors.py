"""What a request can fail with, and the body that each error family promises for it.

Raised where it is known, rendered once at the edge (response.py, gateway.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Literal

# How a domain's clients read errors; a domain declares its own beside its routes.
Family = Literal["plain", "game", "v1"]


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


def get_status(problem: Problem, family: Family) -> HTTPStatus:
    """The status that a family promises for a problem."""
    if isinstance(problem, Invalid) and family != "plain":
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return problem.status


def build_body(problem: Problem, family: Family, request_id: str) -> dict[str, Any]:
    """The error body that the clients of a family read."""
    if family == "v1":
        return {
            "error": {
                "code": problem.code,
                "message": problem.message,
                "details": problem.details or [],
            },
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "request_id": request_id,
        }
    if family == "game":
        fields = [
            {
                "loc": ["body", *one["field"].split(".")],
                "msg": one["problem"],
                "type": "value_error",
            }
            for one in problem.details or []
        ]
        return {"detail": fields or problem.message}
    body: dict[str, Any] = {"error": problem.message}
    if problem.details:
        body["details"] = problem.details
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        body["requestId"] = request_id
    return body | problem.extra
