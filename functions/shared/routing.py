"""Routes of a domain: a declaration parses the request and writes the API reference.

A route declares its guard, body and query once; infra/openapi.py reads the same declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from chalice.app import Blueprint
from pydantic import BaseModel

from functions.shared import errors, fields, json_codec, stores
from functions.shared.request import MAX_BODY, Caller, Request
from functions.shared.response import NO_STORE, LambdaResponse, Response, conditional, render

View = Callable[..., Any]
# Levels of lists and objects that a body may have.
_MAX_DEPTH: Mapping[errors.Family, int] = {"plain": 64, "game": 64, "v1": 32}


class Limiter(Protocol):
    """Counts requests of a caller (None: of the address alone), or looks whether one is left;
    raises TooManyRequests. What is deferred is counted by the view, or behind it."""

    def count(self, request: Request, caller: Caller | None, /) -> None: ...
    def look(self, request: Request, caller: Caller | None, /) -> None: ...
    def defer(self, request: Request, caller: Caller | None, /, *, is_free: bool) -> None: ...


class Guard(Protocol):
    """Who may call a route: raises Unauthorized or Forbidden for anybody else."""

    # For the reference: what a caller needs, how it is sent, and what a wrong one is answered.
    @property
    def scope(self) -> str: ...
    @property
    def optional_when(self) -> Callable[[], bool] | None: ...
    @property
    def sent_as(self) -> tuple[str, ...]: ...
    @property
    def refused_as(self) -> Sequence[HTTPStatus]: ...

    def __call__(self, request: Request) -> Caller | None:
        """The caller; None where nobody need say who they are."""


@dataclass(frozen=True)
class Operation:
    """What a route declared, as the API reference needs it; `also`: media types beside JSON."""

    method: str
    path: str
    view: Callable[..., Any]
    guard: Guard | None
    body: type[BaseModel] | None
    body_is_optional: bool
    query: type[BaseModel] | None
    answers: Mapping[int, type[BaseModel] | str]
    response_headers: Sequence[str]
    also: Mapping[str, str]
    etag: bool
    rate_limited: bool
    idempotent: bool
    uses_database: bool
    family: errors.Family
    served_elsewhere: Sequence[str] = ()


class Routes(Blueprint):
    """A domain's door: views take (request, [body], [query]) and return JSON or a Response."""

    def __init__(
        self,
        import_name: str,
        *,
        family: errors.Family,
        uses_database: bool = True,
        prefix: str = "",
        limiter: Limiter | None = None,
    ) -> None:
        """`family`: the shape of the domain's error bodies.

        `prefix`: below it, paths without a route are answered in that shape too.
        `limiter`: counts every request once its caller is known, but for those that are answered
        304; answers carry what is left.
        """
        super().__init__(import_name)
        self.domain = import_name.removeprefix("functions.").partition(".")[0]
        self.family = family
        self.prefix = prefix
        self.limiter = limiter
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
        guard: Guard | None = None,
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
        counts_itself: bool = False,
        idempotent: bool = False,
        uses_database: bool = True,
        served_elsewhere: Sequence[str] = (),
    ) -> Callable[[View], View]:
        """`raw_body`: the view reads the body itself, which is declared for the reference.

        `body_is_optional`: a request without a body is answered as well.
        `response_headers`: what successful answers carry beside what all answers do.
        `etag`: a successful answer carries an ETag, and is 304 to a caller who has it.
        `rate_limited`: the verb counts requests, and answers carry what is left.
        `counts_itself`: the verb's first statement counts the request for the limiter.
        `idempotent`: the verb answers a request that repeats an Idempotency-Key as it did before.
        `served_elsewhere`: methods of this path that another function serves.
        """

        def register(view: View) -> View:
            def serve(request: Request) -> Response:
                self._check_size(request, max_bytes)
                is_free = etag and bool(request.header("if-none-match"))  # unless it has changed
                caller = self._authenticate(guard, request, is_free, counts_itself)
                if not is_free and not counts_itself:
                    return answer(request, caller)
                try:
                    answered = answer(request, caller)
                except errors.Problem:
                    self._count(request, caller)
                    raise
                if answered.status != HTTPStatus.NOT_MODIFIED:
                    self._count(request, caller)
                return answered

            def answer(request: Request, caller: Caller | None) -> Response:
                parsed: list[BaseModel] = []
                if body and not raw_body:
                    parsed.append(fields.parse(body, self.read_object(request, max_bytes)))
                if query:
                    parsed.append(_parse_query(query, request, guard, caller))
                given = view(Request(request.event, caller), *parsed)
                made = given if isinstance(given, Response) else Response(given)
                made = Response(made.body, made.status, {**headers, **made.headers})
                has_tag = etag and made.status == HTTPStatus.OK
                return conditional(made, request) if has_tag else made

            def chalice_view() -> LambdaResponse:  # called by gateway.py
                request: Request = self.current_request  # type: ignore[assignment]  # ours
                with stores.on(self.domain):
                    return render(lambda: serve(request), request, self.family)

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
                rate_limited=rate_limited or self.limiter is not None,
                idempotent=idempotent,
                uses_database=self.uses_database and uses_database,
                family=self.family,
                served_elsewhere=served_elsewhere,
            )
            self.operations.append(declared)
            return view

        return register

    def _check_size(self, request: Request, max_bytes: int) -> None:
        """Under /v1 a body is found too large before anybody is asked who they are."""
        if self.family != "v1":
            return
        try:
            request.text(max_bytes)
        except errors.TooLarge:
            if self.limiter:
                with suppress(errors.TooManyRequests):
                    self.limiter.count(request, None)
            raise
        except errors.BadRequest:
            return  # of what cannot be unpacked the view hears in its turn

    def _count(self, request: Request, caller: Caller | None) -> None:
        if self.limiter:
            self.limiter.count(request, caller)

    def _authenticate(
        self, guard: Guard | None, request: Request, is_free: bool, is_deferred: bool
    ) -> Caller | None:
        """Who calls, counted by their name unless the request `is_free` or `is_deferred`, or by
        their address where they are refused."""
        if self.limiter is None:
            return guard(request) if guard else None
        try:
            caller = guard(request) if guard else None
        except errors.Problem:
            self.limiter.count(request, None)
            raise
        if is_deferred:
            self.limiter.defer(request, caller, is_free=is_free)
        else:
            (self.limiter.look if is_free else self.limiter.count)(request, caller)
        return caller

    def read_object(self, request: Request, max_bytes: int) -> dict[str, Any]:
        """The body, which must be an object; clients of games and of /v1 leave empty ones out."""
        text = request.text(max_bytes)
        if self.family != "plain" and not text.strip():
            return {}
        value = json_codec.loads(text, max_depth=_MAX_DEPTH[self.family])
        if not isinstance(value, dict):
            raise errors.BadRequest("The body must be a JSON object.")
        return value


def _parse_query(
    query: type[BaseModel], request: Request, guard: Guard | None, caller: Caller | None
) -> BaseModel:
    """The query; raises Invalid, but whose token does not count any more hears that first."""
    try:
        return fields.parse(query, _without_nul(query, request.query()))
    except errors.Invalid:
        if check_now := getattr(guard, "check_now", None):
            check_now(caller)
        raise


def _without_nul(query: type[BaseModel], parameters: Mapping[str, str]) -> Mapping[str, str]:
    """A query that PostgreSQL can hold; raises Invalid. Other models look for themselves."""
    for name, value in parameters.items():
        if "\0" in value and issubclass(query, fields.BracketPathModel):
            details = [{"field": name, "problem": "must not contain a NUL character"}]
            raise errors.Invalid(f"Invalid {name}", details)
    return parameters
