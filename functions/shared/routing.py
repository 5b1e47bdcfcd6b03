"""Routes of a domain: a declaration parses the request and writes the API reference.

A route declares its guard, body and query once; infra/openapi.py reads the same declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from chalice.app import Blueprint
from pydantic import BaseModel

from functions.shared import errors, fields
from functions.shared.auth import RequireScope
from functions.shared.request import MAX_BODY, Request
from functions.shared.response import NO_STORE, LambdaResponse, Response, conditional, render

View = Callable[..., Any]


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
    family: errors.Family


class Routes(Blueprint):
    """A domain's door: views take (request, [body], [query]) and return JSON or an Answer."""

    def __init__(
        self, import_name: str, *, family: errors.Family, uses_database: bool = True
    ) -> None:
        """`family`: the shape of the domain's error bodies."""
        super().__init__(import_name)
        self.family = family
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
                    parsed.append(fields.parse(body, _object(request.body(max_bytes))))
                if query:
                    parsed.append(fields.parse(query, _without_nul(query, request.query())))
                given = view(Request(request.event, caller), *parsed)
                answer = given if isinstance(given, Response) else Response(given)
                answer = Response(answer.body, answer.status, {**headers, **answer.headers})
                has_tag = etag and answer.status == HTTPStatus.OK
                return conditional(answer, request) if has_tag else answer

            def chalice_view() -> LambdaResponse:  # called by gateway.py
                request: Request = self.current_request  # type: ignore[assignment]  # ours
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
                rate_limited=rate_limited,
                uses_database=self.uses_database,
                family=self.family,
            )
            self.operations.append(declared)
            return view

        return register


def _without_nul(query: type[BaseModel], parameters: Mapping[str, str]) -> Mapping[str, str]:
    """A query that PostgreSQL can hold; raises Invalid. Other models look for themselves."""
    for name, value in parameters.items():
        if "\0" in value and issubclass(query, fields.BracketPathModel):
            details = [{"field": name, "problem": "must not contain a NUL character"}]
            raise errors.Invalid(f"Invalid {name}", details)
    return parameters


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise errors.BadRequest("The body must be a JSON object.")
    return value
