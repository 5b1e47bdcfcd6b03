"""Routes: what is answered where there is no route, and in which family of errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.domains import DOMAINS, load_routes
from functions.shared import errors
from functions.shared.gateway import Gateway
from functions.shared.request import Request
from functions.shared.routing import Operation, Routes
from tests.support.gateway import gateway_event


def refusal(family: errors.Family, url: str, method: str = "GET") -> Any:
    """What a function answers that serves only /thing/{n}, and fails to."""
    routes = Routes("thing", family=family, uses_database=False)

    @routes.get("/thing/{n}", answers={})
    def thing(request: Request) -> None:
        raise errors.Invalid("n is odd", [{"field": "n", "problem": "is odd"}])

    answer = Gateway([routes])(gateway_event(method, url), None)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize(
    ("url", "method", "status", "words"),
    [("/no", "GET", 404, "Not found"), ("/thing/1", "POST", 405, "Method not allowed")],
)
def test_what_has_no_route_is_answered_in_the_family_of_the_function(
    url: str, method: str, status: int, words: str
) -> None:
    assert refusal("plain", url, method) == (status, {"error": words})
    assert refusal("game", url, method) == (status, {"detail": words.title()})
    code, body = refusal("v1", url, method)
    assert (code, body["error"]["message"]) == (status, words)
    allowed = {"allowed": ["GET", "HEAD", "OPTIONS"]}
    assert body["error"]["details"] == (allowed if status == 405 else {"path": "/no"})
    assert body["request_id"] == "req_therequestid"
    assert body["timestamp"].endswith("Z")


def test_a_route_answers_in_the_family_that_it_declares() -> None:
    details = [{"field": "n", "problem": "is odd"}]
    assert refusal("plain", "/thing/1") == (400, {"error": "n is odd", "details": details})
    found = [{"loc": ["body", "n"], "msg": "is odd", "type": "value_error"}]
    assert refusal("game", "/thing/1") == (422, {"detail": found})
    code, body = refusal("v1", "/thing/1")
    assert (code, body["error"]["code"]) == (422, "VALIDATION_ERROR")
    fields = [{"field": "n", "rule": "invalid", "message": "is odd"}]
    assert body["error"]["details"] == {"fields": fields}


def test_a_function_of_several_families_answers_plainly_where_it_has_no_route() -> None:
    doors = [Routes(name, family=name, uses_database=False) for name in ("game", "v1")]
    answer = Gateway(doors)(gateway_event("GET", "/no"), None)
    assert json.loads(answer["body"]) == {"error": "Not found"}


def test_doors_below_a_prefix_are_loaded_at_the_first_path_below_it() -> None:
    loaded: list[str] = []

    def load() -> list[Routes]:
        loaded.append("/v1/far/")
        routes = Routes("far", family="v1", uses_database=False, prefix="/v1/far/")

        @routes.get("/v1/far", answers={})
        def list_far(request: Request) -> dict[str, str]:
            return {"seen": "all"}

        @routes.get("/v1/far/{n}", answers={})
        def get_far(request: Request) -> dict[str, str]:
            return {"seen": request.query()["n"]}

        return [routes]

    near = Routes("near", family="plain", uses_database=False)

    @near.get("/near/{n}", answers={})
    def get_near(request: Request) -> dict[str, str]:
        return {"seen": "near"}

    gateway = Gateway([near], {"/v1/far/": load})

    def get(url: str) -> Any:
        answer = gateway(gateway_event("GET", url), None)
        return answer["statusCode"], json.loads(answer["body"])

    assert get("/near/1") == (200, {"seen": "near"})
    assert get("/v1/farther") == (404, {"error": "Not found"})
    assert not loaded
    assert get("/v1/far") == (200, {"seen": "all"})
    assert get("/v1/far/7") == (200, {"seen": "7"})
    assert get("/v1/far/7/no")[1]["error"]["details"] == {"path": "/v1/far/7/no"}
    assert get("/near/1") == (200, {"seen": "near"})
    assert loaded == ["/v1/far/"]


def test_what_another_function_serves_of_a_path_is_allowed_too() -> None:
    """Regression: a 405 at /api/player/me did not say that DELETE is there."""
    routes = Routes("shared", family="game", uses_database=False)
    routes.get("/shared", answers={}, served_elsewhere=["DELETE"])(lambda _: {})
    answer = Gateway([routes])(gateway_event("POST", "/shared"), None)
    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "DELETE, GET, HEAD, OPTIONS")


def test_paths_of_two_domains_say_what_each_serves() -> None:
    """The first domain that has a path answers what no other one does."""
    served: dict[str, dict[str, list[Operation]]] = {}
    for domain in DOMAINS:
        for routes in load_routes({domain.name}):
            for one in routes.operations:
                served.setdefault(one.path, {}).setdefault(domain.name, []).append(one)
    shared = {path: by_domain for path, by_domain in served.items() if len(by_domain) > 1}
    assert set(shared) == {"/api/player/me"}
    by_domain = shared["/api/player/me"]
    said = {method for one in by_domain["game"] for method in one.served_elsewhere}
    assert said == {one.method for one in by_domain["accounts"]}
