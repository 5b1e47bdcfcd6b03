"""Both clients in a battle of the deployed stack: what each sees is the room, event for event."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from infra.clients.tiltyard_live import Timing
from tests.support.clients import browser, followers, network
from tests.support.clients.followers import Follower, Followers, count, wait_until
from tests.support.stack import Wire

TIMING = Timing(backoff=0.1, ping=1)


@pytest.fixture(scope="module")
def made_in() -> Iterator[dict[str, Followers]]:
    with followers.in_python() as python, browser.running(followers.FILES) as page:
        yield {"python": python, "browser": followers.in_browser(page)}


def register(http: Wire) -> str:
    """The token of a new player."""
    name = f"runa{secrets.token_hex(4)}"
    body = {"email": f"{name}@example.com", "password": "copper-kettle-9", "username": name}
    return str(http("POST", "/api/auth/register", body).json["access_token"])


def events(follower: Follower) -> list[tuple[int, str]]:
    """Number and type of what a client was given as an event, in the order in which it was."""
    received = follower.state()["received"]
    return [(frame["seq"], frame["type"]) for kind, frame in received if kind == "event"]


def test_both_clients_see_every_event_once_though_their_network_is_cut(
    stack: Any, http: Wire, made_in: dict[str, Followers]
) -> None:
    striker = {"Authorization": f"Bearer {register(http)}"}
    battle = http("GET", "/api/battles/available", headers=striker).json[0]["id"]
    port = urlsplit(stack.url).port
    assert port
    with network.before(port) as between:
        url = f"ws://127.0.0.1:{between.port}/ws/battle/{battle}"
        watching = [
            made_in["python"](url, {"bearer": register(http)}, TIMING),
            made_in["browser"](url, {"token": register(http)}, TIMING),
        ]
        wait_until(lambda: all(one.state()["is_live"] for one in watching))
        joined = http("POST", f"/api/battles/join/{battle}", headers=striker)
        assert joined.status == 200, joined.text
        enemy = http("GET", f"/api/battles/{battle}", headers=striker).json["enemies"][0]["id"]

        def strike() -> None:
            body = {"enemy_id": enemy, "attack_type": "quick"}
            answered = http("POST", f"/api/battles/{battle}/attack", body, headers=striker)
            assert answered.status == 200, answered.text

        strike()
        between.cut()
        strike()
        wait_until(lambda: all(one.state()["is_live"] for one in watching))
        strike()
        stored = read_events(stack, battle)
        assert [type_ for _, type_ in stored].count("attack") == 3
        wait_until(lambda: all(len(events(one)) >= len(stored) for one in watching))
        assert between.opened >= 4
        for one in watching:
            assert events(one) == stored
            kinds = [kind for kind, _ in one.state()["received"]]
            assert kinds.count("snapshot") == 1
            one.close()


def test_after_a_restored_backup_both_clients_have_the_battle_as_it_is(
    stack: Any, http: Wire, made_in: dict[str, Followers]
) -> None:
    """The backup lacks the last blow; its number is given again, to another one."""
    striker = {"Authorization": f"Bearer {register(http)}"}
    battle = http("GET", "/api/battles/available", headers=striker).json[0]["id"]
    url = f"{stack.url.replace('http', 'ws')}/ws/battle/{battle}"
    watching = [follow(url, {"token": register(http)}, TIMING) for follow in made_in.values()]
    wait_until(lambda: all(one.state()["is_live"] for one in watching))
    joined = http("POST", f"/api/battles/join/{battle}", headers=striker)
    assert joined.status == 200, joined.text
    enemy = http("GET", f"/api/battles/{battle}", headers=striker).json["enemies"][0]["id"]
    strike = {"enemy_id": enemy, "attack_type": "quick"}
    for _ in range(2):
        answered = http("POST", f"/api/battles/{battle}/attack", strike, headers=striker)
        assert answered.status == 200, answered.text
    lost = read_events(stack, battle)
    wait_until(lambda: all(events(one)[-1:] == lost[-1:] for one in watching))
    with psycopg.connect(stack.database.app_url) as connection:
        room = f"battle:{battle}"
        connection.execute(
            "delete from live.events where room = %s and seq = %s", (room, len(lost))
        )
        connection.execute("update live.rooms set head_seq = head_seq - 1 where room = %s", (room,))
        connection.execute("select live.renew_epochs()")
    wait_until(lambda: all(count(one, "snapshot") == 2 for one in watching))
    answered = http("POST", f"/api/battles/{battle}/attack", strike, headers=striker)
    assert answered.status == 200, answered.text
    stored = read_events(stack, battle)
    assert len(stored) == len(lost)
    for one in watching:
        wait_until(
            lambda one=one: since_snapshot(one) == [(len(lost) - 1, "connected"), stored[-1]]
        )
        one.close()


def since_snapshot(follower: Follower) -> list[tuple[int, str]]:
    """Number and type of the last snapshot of a client and of the events that followed it."""
    found: list[tuple[int, str]] = []
    for kind, frame in follower.state()["received"]:
        if kind == "snapshot":
            found.clear()
        if kind in ("snapshot", "event"):
            found.append((frame["seq"], frame["type"]))
    return found


def test_a_blow_by_a_client_comes_back_to_it(
    stack: Any, http: Wire, made_in: dict[str, Followers]
) -> None:
    battle = None
    for follow in made_in.values():
        token = register(http)
        headers = {"Authorization": f"Bearer {token}"}
        battle = battle or http("GET", "/api/battles/available", headers=headers).json[-1]["id"]
        assert http("POST", f"/api/battles/join/{battle}", headers=headers).status == 200
        [enemy, *_] = http("GET", f"/api/battles/{battle}", headers=headers).json["enemies"]
        url = f"{stack.url.replace('http', 'ws')}/ws/battle/{battle}"
        follower = follow(url, {"token": token}, TIMING)
        follower.send({"type": "attack", "enemy_id": enemy["id"], "attack_type": "quick"})
        follower.send({"type": "attack", "enemy_id": 0})
        wait_until(lambda one=follower: "attack" in [type_ for _, type_ in events(one)])
        wait_until(lambda one=follower: "error" in message_types(one))
        follower.close()


def message_types(follower: Follower) -> list[str]:
    received = follower.state()["received"]
    return [frame["type"] for kind, frame in received if kind == "message"]


def read_events(stack: Any, battle: int) -> list[tuple[int, str]]:
    """Number and type of what happened in a battle, as it is stored."""
    with psycopg.connect(stack.database.app_url) as connection:
        rows = connection.execute(
            "select seq, type from live.events where room = %s order by seq", (f"battle:{battle}",)
        )
        return list(rows)


def test_the_tavern_is_a_room_without_numbers(
    stack: Any, http: Wire, made_in: dict[str, Followers]
) -> None:
    url = f"{stack.url.replace('http', 'ws')}/ws/chat"
    guests = [
        follow(url, {"token": register(http)}, TIMING, numbered=False)
        for follow in made_in.values()
    ]
    for guest in guests:
        wait_until(lambda one=guest: "online_count" in message_types(one))
        guest.send({"text": "well met"})
    for guest in guests:
        wait_until(lambda one=guest: texts(one).count("well met") == 2)
        assert guest.state()["is_live"]
        guest.close()


def texts(follower: Follower) -> list[str]:
    received = follower.state()["received"]
    return [frame["text"] for _, frame in received if frame["type"] == "message"]
