"""HTTP doors: a domain's routes, what a request says, and what an answer holds.

A route declares its guard, its body and its query once; the same declaration parses the request
and writes the API reference (infra/openapi.py).
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from chalice.app import Blueprint
from pydantic import BaseModel

from functions.shared import db, errors, json_codec, log, wire
from functions.shared.auth import Caller, RequireScope

JSON = "application/json"
NO_STORE = {"Cache-Control": "no-store"}
MAX_BODY = 6 * 1024 * 1024  # what Lambda takes at the most


@dataclass(frozen=True)
class Request:
    """One request as API Gateway hands it over."""

    event: dict[str, Any]
    caller: Caller | None = None

    @property
    def id(self) -> str:
        return str(self.event["requestContext"].get("requestId", ""))

    @property
    def path(self) -> str:
        return str(self.event["path"])

    def header(self, name: str) -> str:
        """The header of that lower-case name, or an empty text."""
        for key, value in (self.event.get("headers") or {}).items():
            if key.lower() == name:
                return str(value)
        return ""

    def query(self) -> Mapping[str, str]:
        """The query string, last value of a repeated name, together with the path's parameters."""
        sent = self.event.get("multiValueQueryStringParameters") or {}
        last = {name: values[-1] for name, values in sent.items() if values}
        return {**last, **(self.event.get("pathParameters") or {})}

    @property
    def takes_gzip(self) -> bool:
        """Whether the caller unpacks gzip, and API Gateway will hand it bytes."""
        # The gateway turns base64 into bytes only for callers who say what they accept.
        if not self.header("accept"):
            return False
        codings = (one.partition(";") for one in self.header("accept-encoding").lower().split(","))
        return any(
            coding.strip() == "gzip" and not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
            for coding, _, weight in codings
        )

    def key(self) -> str:
        """The API key sent as X-Api-Key or as a bearer token, or an empty text."""
        return self.header("x-api-key") or self.bearer()

    def bearer(self) -> str:
        """The bearer token, or an empty text."""
        scheme, _, token = self.header("authorization").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def body(self, max_bytes: int = MAX_BODY) -> Any:
        """The JSON body, whatever its Content-Type says; raises TooLarge, BadRequest, Invalid."""
        return json_codec.loads(self.text(max_bytes))

    def text(self, max_bytes: int = MAX_BODY) -> str:
        """The body as text, unpacked if it is gzip; raises TooLarge, BadRequest."""
        text: str = self.event.get("body") or ""
        is_gzip = self.header("content-encoding").strip().lower() == "gzip"
        if self.event.get("isBase64Encoded"):
            try:
                sent = base64.b64decode(text)
            except ValueError:
                raise errors.BadRequest("Invalid JSON") from None
            if is_gzip:
                sent = _gunzip(sent, max_bytes)
            # As the gateway does with bodies that it takes for text.
            text = sent.decode("utf-8", "replace")
        elif text and is_gzip:  # the gateway took it for text, which destroyed it
            raise errors.BadRequest("A body in gzip needs a Content-Type")
        # A character has at most 4 bytes: most bodies need no encoding to be found small enough.
        if len(text) > max_bytes or (
            len(text) * 4 > max_bytes and len(text.encode("utf-8", "replace")) > max_bytes
        ):
            raise errors.TooLarge(maxBytes=max_bytes)
        return text


@dataclass
class Response:
    """An answer other than 200 with a JSON body: texts and bytes are sent as they are."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """What a route declared, as the API reference needs it; `also`: media types beside JSON."""

    method: str
    path: str
    view: Callable[..., Any]
    guard: RequireScope | None
    body: type[BaseModel] | None
    body_is_optional: bool
    query: type[BaseModel] | None
    answers: Mapping[int, type[BaseModel] | str]
    response_headers: Sequence[str]
    also: Mapping[str, str]
    etag: bool
    rate_limited: bool
    uses_database: bool


View = Callable[..., Any]
LambdaResponse = dict[str, Any]  # what Lambda returns to API Gateway


class Routes(Blueprint):
    """A domain's door: views take (request, [body], [query]) and return JSON or an Answer."""

    def __init__(self, import_name: str, *, uses_database: bool = True) -> None:
        super().__init__(import_name)
        self.operations: list[Operation] = []
        self.uses_database = uses_database

    def get(self, path: str, **declared: Any) -> Callable[[View], View]:
        return self._on("GET", path, **declared)

    def post(self, path: str, **declared: Any) -> Callable[[View], View]:
        return self._on("POST", path, **declared)

    def put(self, path: str, **declared: Any) -> Callable[[View], View]:
        return self._on("PUT", path, **declared)

    def patch(self, path: str, **declared: Any) -> Callable[[View], View]:
        return self._on("PATCH", path, **declared)

    def delete(self, path: str, **declared: Any) -> Callable[[View], View]:
        return self._on("DELETE", path, **declared)

    def _on(
        self,
        method: str,
        path: str,
        *,
        guard: RequireScope | None = None,
        body: type[BaseModel] | None = None,
        raw_body: bool = False,
        body_is_optional: bool = False,
        max_bytes: int = MAX_BODY,
        query: type[BaseModel] | None = None,
        answers: Mapping[int, type[BaseModel] | str],
        response_headers: Sequence[str] = (),
        also: Mapping[str, str] | None = None,
        headers: Mapping[str, str] = NO_STORE,
        etag: bool = False,
        rate_limited: bool = False,
    ) -> Callable[[View], View]:
        """`raw_body`: the view reads the body itself, which is declared for the reference.

        `body_is_optional`: a request without a body is answered as well.
        `response_headers`: what successful answers carry beside what all answers do.
        `etag`: a successful answer carries an ETag, and is 304 to a caller who has it.
        `rate_limited`: the verb counts requests, and answers carry what is left.
        """

        def register(view: View) -> View:
            def serve(request: Request) -> Response:
                caller = guard(request) if guard else None
                parsed: list[BaseModel] = []
                if body and not raw_body:
                    parsed.append(wire.parse(body, _object(request.body(max_bytes))))
                if query:
                    parsed.append(wire.parse(query, _without_nul(query, request.query())))
                given = view(Request(request.event, caller), *parsed)
                answer = given if isinstance(given, Response) else Response(given)
                answer = Response(answer.body, answer.status, {**headers, **answer.headers})
                return _conditional(answer, request) if etag and answer.status == 200 else answer

            def chalice_view() -> LambdaResponse:  # called by gateway.py
                request: Request = self.current_request  # type: ignore[assignment]  # ours
                return render(lambda: serve(request), request)

            self.route(path, methods=[method], content_types=[])(chalice_view)
            declared = Operation(
                method=method,
                path=path,
                view=view,
                guard=guard,
                body=body,
                body_is_optional=body_is_optional,
                query=query,
                answers=answers,
                response_headers=response_headers,
                also=also or {},
                etag=etag,
                rate_limited=rate_limited,
                uses_database=self.uses_database,
            )
            self.operations.append(declared)
            return view

        return register


def render(serve: Callable[[], Response], request: Request) -> LambdaResponse:
    """The answer of `serve`, or of what it raised, in the shape that the URL's family promises."""
    try:
        return _serialise(serve())
    except errors.Problem as problem:
        if isinstance(problem.__cause__, psycopg.Error):
            log.exception(problem.__cause__, request_id=request.id)
        answer = _error_response(problem, request)
    except Exception as fault:  # noqa: BLE001  the edge: whatever broke, the caller gets an answer
        log.exception(fault, request_id=request.id)
        away = isinstance(fault, psycopg.Error) and db.is_unavailable(fault)
        answer = _error_response(db.DatabaseUnavailable() if away else errors.Problem(), request)
    return _serialise(answer)


def _serialise(answer: Response) -> LambdaResponse:
    packed, body = isinstance(answer.body, bytes), answer.body
    if packed:
        body = base64.b64encode(body).decode()
    elif not isinstance(body, str):
        body = wire.dumps(body)
    return {
        "statusCode": answer.status,
        "headers": {"Content-Type": JSON, **answer.headers},
        "body": body,
        "isBase64Encoded": packed,
    }


def _conditional(answer: Response, request: Request) -> Response:
    """The answer with its ETag, or 304 for a caller who says to have it."""
    is_spelled = isinstance(answer.body, str | bytes)
    body = answer.body if is_spelled else wire.dumps(answer.body)
    said = body if isinstance(body, bytes) else body.encode()
    tag = f'"{hashlib.sha256(said).hexdigest()[:32]}"'
    known = request.header("if-none-match")
    headers = {**answer.headers, "ETag": tag}
    if tag in known or known.strip() == "*":
        return Response("", 304, headers)
    return Response(body, answer.status, headers)


def _error_response(problem: errors.Problem, request: Request) -> Response:
    family = errors.family_of(request.path)
    body = errors.body_of(problem, family, request.id)
    return Response(body, errors.status_of(problem, family), {**NO_STORE, **problem.headers})


def _without_nul(query: type[BaseModel], sent: Mapping[str, str]) -> Mapping[str, str]:
    """A query that PostgreSQL can hold; raises Invalid. Other models look for themselves."""
    for name, value in sent.items():
        if "\0" in value and issubclass(query, wire.BracketPathModel):
            details = [{"field": name, "problem": "must not contain a NUL character"}]
            raise errors.Invalid(f"Invalid {name}", details)
    return sent


def _gunzip(packed: bytes, max_bytes: int) -> bytes:
    """What was packed with gzip; never unpacks more than a byte too much."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        text = unpacking.decompress(packed, max_bytes + 1)
    except zlib.error:
        raise errors.BadRequest("Invalid gzip") from None
    if len(text) > max_bytes:
        raise errors.TooLarge(maxBytes=max_bytes)
    if not unpacking.eof or unpacking.unused_data:
        raise errors.BadRequest("Invalid gzip")
    return text


def _object(sent: Any) -> dict[str, Any]:
    if not isinstance(sent, dict):
        raise errors.BadRequest("The body must be a JSON object.")
    return sent
