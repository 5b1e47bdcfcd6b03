"""Opening sockets: by which credential, by tickets, and while the database is away."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.live import connections, opening, tickets
from functions.shared import db, tokens
from tests.support.connections import own_connections
from tests.support.game import in_threads
from tests.support.live import door, rooms
from tests.support.live.gateway import Gateway

BAD = "no credential"


def issue(user_id: int) -> str:
    return tokens.issue("game", user_id, f"{user_id}@example.org", 0)


def opened_by(name: str = "s") -> int | None:
    connection = connections.load(name)
    return connection.user_id if connection else None


# What is offered, by the order in which it counts; each entry makes a request's query and headers.
OFFERS: list[Callable[[str], tuple[dict[str, str], dict[str, str]]]] = [
    lambda credential: ({"ticket": credential}, {}),
    lambda credential: ({"token": credential}, {}),
    lambda credential: ({}, {"Sec-WebSocket-Protocol": f"x, bearer.{credential}"}),
    lambda credential: ({}, {"Authorization": f"Bearer {credential}"}),
]


def offer(credentials: list[str | None]) -> dict[str, Any]:
    """What `$connect` answers to these credentials at once."""
    query, headers = {"room": "1"}, {}
    for make, credential in zip(OFFERS, credentials, strict=True):
        if credential is not None:
            query |= make(credential)[0]
            headers |= make(credential)[1]
    return door.connect("s", query, headers)


def credential(place: int, user_id: int) -> str:
    return tickets.issue("room:1", user_id, 0) if place == 0 else issue(user_id)


@pytest.mark.parametrize("first", range(4))
def test_the_first_credential_counts(store: str, left: list[Any], first: int) -> None:
    offered = [credential(n, n + 1) if n >= first else None for n in range(4)]
    assert offer(offered)["statusCode"] == 200
    assert opened_by() == first + 1


@pytest.mark.parametrize("first", range(4))
def test_no_later_one_makes_up_for_it(store: str, left: list[Any], first: int) -> None:
    offered = [None] * first + [BAD] + [credential(n, n + 1) for n in range(first + 1, 4)]
    assert offer(offered)["statusCode"] == 401
    assert (opened_by(), left) == (None, [])


def test_without_one_nothing_opens(store: str, left: list[Any]) -> None:
    assert offer([None] * 4)["statusCode"] == 401
    assert door.connect("s", {}, {})["statusCode"] == 404
    assert door.connect("s", {"room": "closed", "token": issue(1)})["statusCode"] == 404
    assert left == []


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ("bearer.{}", "bearer.{}"),
        ("x, bearer.{}", "bearer.{}"),
        ("bearer.{}, tracker.v1", "tracker.v1"),
        ("tracker.v1,bearer.{}", "tracker.v1"),
    ],
)
def test_a_subprotocol_is_echoed(store: str, left: list[Any], offered: str, chosen: str) -> None:
    token = issue(1)
    headers = {"sec-websocket-protocol": offered.format(token)}
    answer = door.connect("s", {"room": "1"}, headers)
    assert answer["headers"] == {"Sec-WebSocket-Protocol": chosen.format(token)}


def test_nothing_is_echoed_to_who_offers_nothing(store: str, left: list[Any]) -> None:
    assert "headers" not in door.connect("s", {"room": "1", "token": issue(1)})


def test_an_eleventh_socket_is_refused_until_another_closes(store: str, left: list[Any]) -> None:
    query = {"room": "1", "token": issue(1)}
    answers = [door.connect(f"s{n}", query)["statusCode"] for n in range(11)]
    assert answers == [200] * 10 + [429]
    assert door.connect("t", {"room": "1", "token": issue(2)})["statusCode"] == 200
    door.disconnect("s3")
    assert door.connect("s10", query)["statusCode"] == 200


@pytest.mark.commits
def test_thirty_sockets_opened_at_once_are_ten(
    store: str, left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"room": "1", "token": issue(1)}
    with own_connections(store, monkeypatch):
        answers = in_threads(30, lambda n: door.connect(f"s{n}", query)["statusCode"])
    assert sorted(answers) == [200] * 10 + [429] * 20


# --- tickets ---


def test_a_ticket_opens_one_socket(store: str, left: list[Any]) -> None:
    ticket = tickets.issue("room:1", 7, 0)
    assert db.fetch_value("select encode(hash, 'escape') from live.tickets") != ticket
    query = {"room": "1", "ticket": ticket}
    assert [door.connect(name, query)["statusCode"] for name in "st"] == [200, 401]
    assert opened_by() == 7


@pytest.mark.parametrize(("age", "status"), [(29, 200), (31, 401)])
def test_a_ticket_counts_for_half_a_minute(
    store: str, left: list[Any], age: int, status: int
) -> None:
    ticket = tickets.issue("room:1", 7, 0)
    db.query("update live.tickets set expires_at = expires_at - make_interval(secs => %s)", (age,))
    assert door.connect("s", {"room": "1", "ticket": ticket})["statusCode"] == status


def test_a_ticket_opens_no_other_room_and_is_used_up(store: str, left: list[Any]) -> None:
    ticket = tickets.issue("room:1", 7, 0)
    assert door.connect("s", {"room": "2", "ticket": ticket})["statusCode"] == 401
    assert door.connect("s", {"room": "1", "ticket": ticket})["statusCode"] == 401
    assert opened_by() is None


@pytest.mark.commits
def test_a_ticket_that_ten_use_at_once_opens_one_socket(
    store: str, left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"room": "1", "ticket": tickets.issue("room:1", 7, 0)}
    with own_connections(store, monkeypatch):
        answers = in_threads(10, lambda n: door.connect(f"s{n}", query)["statusCode"])
    assert sorted(answers) == [200] + [401] * 9


# --- sessions ---

SESSION = "5f0c7a52-7f0b-4f0e-9d55-6a2d3a1b9c11"


def session_of(name: str = "s") -> str | None:
    found = db.fetch_value(
        "select session_id::text from live.connections where connection_id = %s", (name,)
    )
    return str(found) if found else None


def test_the_session_of_a_token_is_kept_with_its_socket(
    store: str, left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that its log-out closes the socket, and no other session's does."""
    kind = rooms.kind._replace(verify=lambda _: tokens.Identity(1, 0, SESSION))
    monkeypatch.setattr(opening, "load_kinds", lambda: {"room": kind})
    assert door.connect("s", {"room": "1", "token": "t"})["statusCode"] == 200
    assert session_of() == SESSION


def test_so_is_the_one_with_which_a_ticket_was_asked_for(store: str, left: list[Any]) -> None:
    for name, session, expected in (("s", SESSION, SESSION), ("t", "", None)):
        ticket = tickets.issue("room:1", 7, 0, session)
        assert door.connect(name, {"room": "1", "ticket": ticket})["statusCode"] == 200
        assert session_of(name) == expected


# --- without a database ---


def test_without_a_database_nothing_opens(
    store: str, left: list[Any], away: Callable[[], None]
) -> None:
    token = issue(1)
    away()
    answer = door.connect("s", {"room": "1", "token": token})
    assert answer["statusCode"] == 503
    assert answer["body"]
    assert left == []


def test_without_a_database_a_message_is_answered_and_the_socket_stays(
    store: str, cloud: Gateway, left: list[Any], away: Callable[[], None]
) -> None:
    rooms.open_socket(cloud)
    away()
    assert door.send("s", json.dumps({"type": "say", "word": "x"}))["statusCode"] == 503
    [error] = cloud.frames["s"]
    assert (error["type"], error["code"]) == ("error", "UNAVAILABLE")
    assert error["message"] == error["detail"] != ""
    assert "s" in cloud.open


def test_without_a_database_a_goodbye_is_left_to_the_sweep(
    store: str, cloud: Gateway, left: list[Any], away: Callable[[], None]
) -> None:
    rooms.open_socket(cloud)
    away()
    assert door.disconnect("s")["statusCode"] == 503


def test_a_message_of_a_socket_that_is_not_known_closes_it(
    store: str, cloud: Gateway, left: list[Any]
) -> None:
    cloud.open.add("s")
    assert door.send("s", '{"type": "ping"}')["statusCode"] == 410
    assert cloud.open == set()
