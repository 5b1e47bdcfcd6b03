"""What a request can fail with, and the body that each error family promises for it.

Raised where it is known, rendered once at the edge (response.py, gateway.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

# How a domain's clients read errors; a domain declares its own beside its routes.
Family = Literal["plain", "game", "v1"]


class Problem(Exception):  # noqa: N818  an HTTP term
    """A failed request: a status, a sentence for the caller, and fields where some are at fault."""

    status = 500
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
    status, code, message = 400, "BAD_REQUEST", "The request cannot be understood."


class Invalid(BadRequest):
    """A field is missing or wrong; families differ in the status they promise for it."""

    code = "VALIDATION_ERROR"


class Unauthorized(Problem):
    status, code, message = 401, "UNAUTHORIZED", "An API key is needed."


class Forbidden(Problem):
    status, code, message = 403, "FORBIDDEN", "This key may not do that."


class NotFound(Problem):
    status, code, message = 404, "NOT_FOUND", "Not found"


class MethodNotAllowed(Problem):
    status, code, message = 405, "METHOD_NOT_ALLOWED", "Method not allowed"


class Conflict(Problem):
    status, code, message = 409, "CONFLICT", "This is there already, with other content."


class TooLarge(Problem):
    status, code, message = 413, "PAYLOAD_TOO_LARGE", "Payload too large"


class TooManyRequests(Problem):
    status, code, message = 429, "TOO_MANY_REQUESTS", "Too many requests; please slow down."


class NotImplementedYet(Problem):
    status, code, message = 501, "NOT_IMPLEMENTED", "Not implemented"


class Unavailable(Problem):
    """Nothing can be answered or kept now; the caller may repeat the request."""

    status, code, message = 503, "UNAVAILABLE", "Database not connected"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, headers={"Retry-After": "5"})


def get_status(problem: Problem, family: Family) -> int:
    """The status that a family promises for a problem."""
    return 422 if isinstance(problem, Invalid) and family != "plain" else problem.status


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
    if problem.status == 500:
        body["requestId"] = request_id
    return body | problem.extra
