"""The adapter between API Gateway and Chalice.

The gateway sends every path under a prefix as one `{proxy+}` resource; Chalice knows the resource
that is meant. Here the path finds its route, and every answer gets what all answers have: CORS,
a request id, a log line.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from chalice.app import Chalice

from functions.shared import cors, db, errors, log
from functions.shared.request import Request
from functions.shared.response import JSON, LambdaResponse, Response, render
from functions.shared.routing import Limiter, Routes

Event = dict[str, Any]

_ALL_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_NOWHERE = "(no route)"


class Gateway:
    """The Lambda handler of a set of doors."""

    def __init__(
        self,
        doors: Sequence[Routes],
        doors_below: Mapping[str, Callable[[], Sequence[Routes]]] = MappingProxyType({}),
    ) -> None:
        """`doors_below`: what loads more doors, by prefix, at the first request below it."""
        self.app = Chalice("tiltyard", configure_logs=False)
        self._families: dict[str, errors.Family] = {}
        self._elsewhere: dict[str, set[str]] = {}
        self._limiters: dict[str, Limiter | None] = {}
        self._prefixes: list[Routes] = []
        self._doors_below = dict(doors_below)
        self._add(doors)
        # A path without a route is answered as all routes of this function are, or plainly.
        families = {door.family for door in doors}
        self._default_family = families.pop() if len(families) == 1 else "plain"
        self._cold = True

    def _add(self, doors: Sequence[Routes]) -> None:
        for door in doors:
            self.app.register_blueprint(door)
            self._families |= {one.path: door.family for one in door.operations}
            self._limiters |= {one.path: door.limiter for one in door.operations}
            for one in door.operations:
                self._elsewhere.setdefault(one.path, set()).update(one.served_elsewhere)
        # Longest first: each finds the door for paths below it that have no route.
        prefixes = [*self._prefixes, *(door for door in doors if door.prefix)]
        self._prefixes = sorted(prefixes, key=_longest_first)
        vars(self).pop("_patterns", None)  # they lack the new ones

    def _load_below(self, path: str) -> None:
        for prefix in [one for one in self._doors_below if f"{path}/".startswith(one)]:
            self._add(self._doors_below[prefix]())
            del self._doors_below[prefix]

    def __call__(self, event: Event, context: Any) -> LambdaResponse:
        """Answers an API Gateway REST event (payload 1.0) of a `{proxy+}` or exact resource."""
        started, rows = time.perf_counter(), db.rows_seen
        event.setdefault("requestContext", {})
        self._load_below(event["path"])
        route, parameters = self._find(event["path"])
        family = self._family(event["path"], route)
        answer = self._answer(event, route, parameters, family)
        answer["headers"]["X-Content-Type-Options"] = "nosniff"
        cors.allow_origin(Request(event), answer["headers"])
        if family == "v1" and answer["headers"]["Content-Type"] == JSON:
            answer["headers"]["Content-Type"] = f"{JSON}; charset=utf-8"
        answer["headers"]["X-Request-Id"] = errors.get_request_id(family, Request(event).id)
        self._note(event, route, answer, started, rows)
        return answer

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        """Of the routes with parameters: a cold start that meets another one compiles none."""
        return [(_pattern(path), path) for path in self.app.routes if "{" in path]

    def _find(self, path: str) -> tuple[str | None, dict[str, str]]:
        trimmed = path.rstrip("/") or "/"
        if trimmed in self.app.routes and "{" not in trimmed:
            return trimmed, {}
        for pattern, route in self._patterns:
            if found := pattern.fullmatch(trimmed):
                return route, {name: unquote(part) for name, part in found.groupdict().items()}
        return None, {}

    def _door(self, path: str) -> Routes | None:
        return next((one for one in self._prefixes if f"{path}/".startswith(one.prefix)), None)

    def _family(self, path: str, route: str | None) -> errors.Family:
        if route:
            return self._families[route]
        door = self._door(path)
        return door.family if door else self._default_family

    def _answer(
        self, event: Event, route: str | None, parameters: dict[str, str], family: errors.Family
    ) -> LambdaResponse:
        method = event["httpMethod"]
        if method == "OPTIONS":
            return _render(self._preflight(route, family), event, family)
        served = "GET" if method == "HEAD" else method
        if route is None or served not in self.app.routes[route]:
            return _render(self._refusal(event, route, family), event, family)
        event["pathParameters"] = parameters
        # The view itself, not Chalice's own handling of an event: that would read the request and
        # dress the answer a second time, for a third of what a handler costs.
        self.app.current_request = Request(event)  # type: ignore[assignment]  # ours
        answer: LambdaResponse = self.app.routes[route][served].view_function()
        if method == "HEAD":
            answer |= {"body": "", "isBase64Encoded": False}
        return answer

    def _refusal(self, event: Event, route: str | None, family: errors.Family) -> errors.Problem:
        """What a path or method without a route is answered, counted as every request is."""
        door = None if route else self._door(event["path"])
        limiter = self._limiters[route] if route else door and door.limiter
        try:
            if limiter:
                limiter.count(Request(event), None)
        except errors.Problem as problem:
            return problem
        if route is None:
            says = {"path": event["path"]} if family == "v1" else {}
            return errors.NotFound(None, None, None, **says)
        allowed = self._methods(route)
        says = {"allowed": allowed.split(", ")} if family == "v1" else {}
        return errors.MethodNotAllowed(None, None, {"Allow": allowed}, **says)

    def _preflight(self, route: str | None, family: errors.Family) -> Response:
        # Plain paths are of one function. Of others another one may serve a method: all are named.
        methods = self._methods(route) if route and family == "plain" else _ALL_METHODS
        headers = {**cors.PREFLIGHT, "Access-Control-Allow-Methods": methods}
        if family == "v1":
            return Response("", HTTPStatus.NO_CONTENT, headers)
        return Response({}, headers=headers)

    def _methods(self, route: str) -> str:
        served = set(self.app.routes[route]) | self._elsewhere[route]
        return ", ".join(sorted(served | ({"HEAD"} if "GET" in served else set()) | {"OPTIONS"}))

    def _note(
        self, event: Event, route: str | None, answer: LambdaResponse, started: float, rows: int
    ) -> None:
        log.event(
            "request",
            method=event["httpMethod"],
            route=route or _NOWHERE,  # never the path: it may hold a person's id
            status=answer["statusCode"],
            ms=round((time.perf_counter() - started) * 1000, 2),
            rows=db.rows_seen - rows,
            request_id=answer["headers"]["X-Request-Id"],
            cold=self._cold,
        )
        self._cold = False


def _render(
    answer: Response | errors.Problem, event: Event, family: errors.Family
) -> LambdaResponse:
    def serve() -> Response:
        if isinstance(answer, errors.Problem):
            raise answer
        return answer

    return render(serve, Request(event), family)


def _longest_first(door: Routes) -> int:
    return -len(door.prefix)


def _pattern(path: str) -> re.Pattern[str]:
    """Matches a percent-encoded path: an encoded slash stays inside its parameter."""
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))
