"""Responses: what a view returns, rendered as API Gateway reads it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import psycopg

from functions.shared import db, errors, json_codec, log
from functions.shared.request import Request

JSON = "application/json"
NO_STORE = {"Cache-Control": "no-store"}
LambdaResponse = dict[str, Any]  # what Lambda returns to API Gateway


@dataclass
class Response:
    """An answer other than 200 with a JSON body: texts and bytes are sent as they are."""

    body: Any
    status: int = HTTPStatus.OK
    headers: dict[str, str] = field(default_factory=dict)


def render(
    serve: Callable[[], Response], request: Request, family: errors.Family
) -> LambdaResponse:
    """The answer of `serve`, or of what it raised, in the shape that the family promises."""
    try:
        return _serialise(serve(), request)
    except errors.Problem as problem:
        if isinstance(problem.__cause__, psycopg.Error):
            _log_fault(problem.__cause__, request, family)
        answer = _error_response(problem, request, family)
    except Exception as fault:  # noqa: BLE001  the edge: whatever broke, the caller gets an answer
        _log_fault(fault, request, family)
        away = isinstance(fault, psycopg.Error) and db.is_unavailable(fault)
        refusal = db.DatabaseUnavailable() if away else errors.Problem()
        answer = _error_response(refusal, request, family)
    return _serialise(answer, request)


def _log_fault(fault: BaseException, request: Request, family: errors.Family) -> None:
    log.exception(fault, request_id=errors.get_request_id(family, request.id))  # as answered


def _serialise(answer: Response, request: Request) -> LambdaResponse:
    packed, body = isinstance(answer.body, bytes), answer.body
    if packed:
        body = base64.b64encode(body).decode()
    elif not isinstance(body, str):
        body = json_codec.dumps(body)
    return {
        "statusCode": int(answer.status),
        "headers": {"Content-Type": JSON, **request.answer_headers, **answer.headers},
        "body": body,
        "isBase64Encoded": packed,
    }


def _error_response(problem: errors.Problem, request: Request, family: errors.Family) -> Response:
    body = errors.build_body(problem, family, request.id)
    headers = {**NO_STORE, **problem.headers}
    if family == "v1" and problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(body, errors.get_status(problem, family), headers)


def conditional(answer: Response, request: Request) -> Response:
    """The answer with its ETag, or 304 for a caller who says to have it.

    The tag is the answer's own, if it has one, or else made of its body.
    """
    is_spelled = isinstance(answer.body, str | bytes)
    body = answer.body if is_spelled else json_codec.dumps(answer.body)
    tag = answer.headers.get("ETag")
    if tag is None:
        raw = body if isinstance(body, bytes) else body.encode()
        tag = f'"{hashlib.sha256(raw).hexdigest()[:32]}"'
    known = request.header("if-none-match")
    headers = {**answer.headers, "ETag": tag}
    if tag in known or known.strip() == "*":
        return Response("", HTTPStatus.NOT_MODIFIED, headers)
    return Response(body, answer.status, headers)
