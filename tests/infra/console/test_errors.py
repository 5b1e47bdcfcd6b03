"""What the console says of an error, whichever family answers."""

from __future__ import annotations

from tests.support.modules import evaluate


def test_the_sentence_of_each_family() -> None:
    bodies = [
        {"error": "Invalid days", "details": [{"field": "days", "problem": "must be a number"}]},
        {"detail": "Not authenticated", "error": "Not authenticated"},
        {"detail": [{"loc": ["body", "email"], "msg": "field required", "type": "missing"}]},
        {"error": {"code": "FORBIDDEN", "message": "Not yours", "details": {}}, "request_id": "r"},
        None,
        "text",
        {"error": {}},
    ]
    assert evaluate("errors.js", "given.map((one) => m.toMessage(one))", bodies) == [
        "Invalid days: days must be a number",
        "Not authenticated",
        "email field required",
        "Not yours",
        "",
        "",
        "",
    ]


def test_kinds_of_statuses() -> None:
    statuses = [401, 403, 404, 429, 400, 422, 500, 503]
    assert evaluate("errors.js", "given.map((one) => m.toKind(one))", statuses) == [
        "unauthorized", "forbidden", "missing", "limited", "refused", "refused", "unavailable",
        "unavailable",
    ]  # fmt: skip


def test_what_is_wrong_with_which_field() -> None:
    bodies = [
        {"error": "Invalid port", "details": [{"field": "port", "problem": "must be a number"}]},
        {"detail": [{"loc": ["body", "email"], "msg": "is required", "type": "missing"}]},
        {"error": {"details": {"fields": [{"field": "name", "message": "too long"}]}}},
        {"detail": "Not found"},
        None,
    ]
    assert evaluate("errors.js", "given.map((one) => m.listProblems(one))", bodies) == [
        [{"field": "port", "problem": "must be a number"}],
        [{"field": "email", "problem": "is required"}],
        [{"field": "name", "problem": "too long"}],
        [],
        [],
    ]
