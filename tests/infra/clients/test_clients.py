"""The clients against a room that does all that a network, a server and a backup can do to them."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from infra.clients import tiltyard_live
from infra.clients.tiltyard_live import Timing
from tests.support.clients import room as rooms
from tests.support.clients.browser import Browser
from tests.support.clients.followers import FILES, Followers, count, wait_until, words
from tests.support.clients.room import FaultyRoom

Running = tuple[FaultyRoom, Any]
ADDRESS = "ws://127.0.0.1:8000/ws/battle/7"  # of README's examples
pytestmark = pytest.mark.timeout(600)  # the first one may have to fetch Chromium


@pytest.fixture
def running() -> Iterator[Running]:
    with rooms.running() as made:
        yield made


def resumes(room: FaultyRoom) -> list[int]:
    return [one["last_seq"] for one in room.messages if one["type"] == "resume"]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("restores", [False, True], ids=["network", "backups"])
def test_after_anything_the_state_is_the_servers(
    follow: Followers, seed: int, restores: bool
) -> None:
    with rooms.running(seed) as (room, call):
        if restores:
            room.most_missed = 20
        follower = follow(room.url)
        call(room.torment, 1.2, restores=restores)
        wait_until(lambda: words(follower) == room.words)
        if not restores:
            assert count(follower, "snapshot") == 1
        follower.close()


def test_a_gap_may_close_by_itself(follow: Followers, running: Running) -> None:
    room, call = running
    follower = follow(room.url, timing=Timing(gap=60, ping=60))
    wait_until(lambda: follower.state()["is_live"])
    room.words += ["a", "b"]
    call(room.tell, {"type": "said", "seq": 2, "word": "b"})
    wait_until(lambda: not follower.state()["is_live"])
    assert words(follower) == []
    call(room.tell, {"type": "said", "seq": 1, "word": "a"})
    wait_until(lambda: follower.state()["is_live"])
    assert words(follower) == ["a", "b"]
    assert resumes(room) == []
    follower.close()


def test_a_gap_that_stays_is_resumed(follow: Followers, running: Running) -> None:
    room, call = running
    follower = follow(room.url, timing=Timing(gap=0.03, ping=60))
    wait_until(lambda: follower.state()["is_live"])
    room.lost_events = 1
    call(room.append, "a")
    call(room.append, "b")
    wait_until(lambda: words(follower) == ["a", "b"])
    assert resumes(room) == [0]
    follower.close()


def test_a_resume_waits_for_its_answer(follow: Followers, running: Running) -> None:
    room, call = running
    follower = follow(room.url, timing=Timing(gap=0.01, backoff=0.01, timeout=60, ping=60))
    wait_until(lambda: follower.state()["is_live"])
    room.answers_resume, room.lost_events = False, 1
    for word in "abc":
        call(room.append, word)
        time.sleep(0.1)  # longer than a gap
    wait_until(lambda: resumes(room) == [0])
    room.answers_resume = True
    call(room.cut)
    wait_until(lambda: words(follower) == ["a", "b", "c"])
    assert resumes(room) == [0, 0]
    follower.close()


def test_a_resume_without_an_answer_costs_the_connection(
    follow: Followers, running: Running
) -> None:
    room, call = running
    follower = follow(room.url, timing=Timing(gap=0.01, backoff=0.01, timeout=0.5, ping=60))
    wait_until(lambda: follower.state()["is_live"])
    room.answers_resume, room.lost_events = False, 1
    call(room.append, "a")
    call(room.append, "b")
    wait_until(lambda: len(room.credentials) > 1)
    room.answers_resume = True
    wait_until(lambda: words(follower) == ["a", "b"])
    follower.close()


def test_a_lost_last_event_is_noticed_by_a_ping(follow: Followers, running: Running) -> None:
    room, call = running
    follower = follow(room.url)
    wait_until(lambda: follower.state()["is_live"])
    room.lost_events = 1
    call(room.append, "a")
    wait_until(lambda: words(follower) == ["a"])
    follower.close()


def test_another_history_under_an_open_connection_is_noticed(
    follow: Followers, running: Running
) -> None:
    room, call = running
    call(room.append, "a")
    follower = follow(room.url)
    wait_until(lambda: follower.state()["is_live"])
    room.epoch, room.words = "another", ["b"]  # no longer than the one before
    wait_until(lambda: words(follower) == ["b"])
    assert len(room.credentials) == 1
    follower.close()


@pytest.mark.parametrize("form", ["token", "ticket", "bearer"])
def test_each_connection_has_a_credential_of_its_own(
    follow: Followers, running: Running, form: str
) -> None:
    room, call = running
    follower = follow(room.url, {form: "one{n}"})
    wait_until(lambda: follower.state()["is_live"])
    call(room.cut)
    wait_until(lambda: len(room.credentials) == 2)
    written = "bearer." if form == "bearer" else f"{form} "
    assert room.credentials == [f"{written}one1", f"{written}one2"]
    follower.close()


def test_commands_are_done_once_and_in_order(follow: Followers, running: Running) -> None:
    room, _ = running
    room.refused = 503
    follower = follow(room.url)
    for word in "abc":
        follower.command({"word": word})
    wait_until(lambda: bool(room.credentials))
    room.refused, room.lost_acks = None, 2
    wait_until(lambda: len(follower.state()["answers"]) == 3)
    assert follower.state()["answers"] == ["ack 1", "ack 2", "ack 3"]
    assert room.words == ["a", "b", "c"]
    wait_until(lambda: words(follower) == room.words)
    follower.close()


def test_an_answer_to_something_else_is_not_taken_for_a_commands(
    follow: Followers, running: Running
) -> None:
    room, call = running
    room.lost_acks = 100
    follower = follow(room.url, timing=Timing(timeout=60))
    follower.command({"word": "a"})
    wait_until(lambda: room.words == ["a"])
    for other in ({"type": "ack", "ref": "another", "seq": 1}, {"type": "error"}, {"type": "end"}):
        call(room.tell, other)
    wait_until(lambda: follower.state()["received"][-1][1]["type"] == "end")
    assert follower.state()["answers"] == []
    follower.close()


def test_a_success_ends_the_backoff(follow: Followers, running: Running) -> None:
    """Without that the last one would wait for a minute."""
    room, call = running
    follower = follow(room.url, timing=Timing(backoff=0.01, max_backoff=1000))
    for connections in range(1, 17):
        wait_until(lambda n=connections: len(room.credentials) == n and bool(room.sockets))
        wait_until(lambda: follower.state()["is_live"])
        call(room.cut)
    follower.close()


def test_a_credential_that_comes_too_late_is_not_used(follow: Followers, running: Running) -> None:
    room, call = running
    timing = Timing(timeout=0.2, backoff=0.01)
    follower = follow(room.url, {"token": "number {n}"}, timing, first_wait=0.6)
    wait_until(lambda: follower.state()["is_live"] and follower.state()["asked"] == 2)
    call(room.append, "a")
    wait_until(lambda: words(follower) == ["a"])
    assert room.credentials == ["token number 2"]
    follower.close()


def test_a_refused_command_says_why_and_the_next_is_done(
    follow: Followers, running: Running
) -> None:
    room, _ = running
    follower = follow(room.url)
    follower.command({"word": ""})
    follower.command({"word": "a"})
    wait_until(lambda: follower.state()["answers"] == ["Refused: No word.", "ack 1"])
    follower.close()


def test_a_command_that_is_never_answered_fails(follow: Followers, running: Running) -> None:
    room, _ = running
    room.lost_acks = room.lost_events = 100
    follower = follow(room.url, timing=Timing(timeout=0.3, backoff=0.01, ping=60))
    wait_until(lambda: follower.state()["is_live"])
    follower.command({"word": "a"})
    wait_until(lambda: bool(follower.state()["answers"]))
    [answer] = follower.state()["answers"]
    assert answer.partition(": ")[2] == "The server does not answer this command."
    assert [one["type"] for one in room.messages].count("command") == 5
    assert room.words == ["a"]
    follower.close()


def test_messages_wait_for_a_connection_and_are_sent_once(
    follow: Followers, running: Running
) -> None:
    room, call = running
    room.refused = 503
    follower = follow(room.url)
    follower.send({"type": "say", "word": "a"})
    follower.send({"type": "say", "word": "b"})
    wait_until(lambda: bool(room.credentials))
    room.refused = None
    wait_until(lambda: words(follower) == ["a", "b"])
    asked = len(room.credentials)
    call(room.cut)
    wait_until(lambda: len(room.credentials) > asked and follower.state()["is_live"])
    assert room.words == ["a", "b"]
    follower.close()


def test_what_waits_is_limited(follow: Followers, running: Running) -> None:
    room, _ = running
    room.refused = 503
    follower = follow(room.url)
    for _n in range(101):
        follower.command({"word": "a"})
    wait_until(lambda: bool(follower.state()["answers"]))
    assert [one.partition(": ")[2] for one in follower.state()["answers"]] == [
        "Too much waits to be sent."
    ]
    follower.close()
    wait_until(lambda: len(follower.state()["answers"]) == 101)


def test_an_error_that_closes_is_the_end(follow: Followers, running: Running) -> None:
    room, call = running
    follower = follow(room.url)
    wait_until(lambda: follower.state()["is_live"])
    room.lost_acks = 100
    follower.command({"word": "a"})
    wait_until(lambda: bool(room.words))
    call(room.tell, {"type": "error", "detail": "You are signed out.", "closing": True})
    wait_until(lambda: follower.state()["ended"] is not None)
    wait_until(lambda: room.closed == [1000])
    state = follower.state()
    assert state["ended"] == "You are signed out."
    assert state["answers"] == ["Refused: You are signed out."]
    assert state["received"][-1][1]["detail"] == "You are signed out."
    assert len(room.credentials) == 1


def test_other_errors_are_messages(follow: Followers, running: Running) -> None:
    room, call = running
    follower = follow(room.url)
    wait_until(lambda: follower.state()["is_live"])
    call(room.tell, {"type": "error", "detail": "Not now."})
    wait_until(lambda: follower.state()["received"][-1][1].get("detail") == "Not now.")
    assert follower.state()["is_live"]
    follower.close()


def test_a_server_may_ask_to_reconnect(follow: Followers, running: Running) -> None:
    room, call = running
    follower = follow(room.url)
    wait_until(lambda: follower.state()["is_live"])
    call(room.tell, {"type": "reconnect", "reason": "max_age", "seq": 1})
    call(room.append, "a")
    wait_until(lambda: len(room.credentials) == 2 and words(follower) == ["a"])
    assert room.closed == [1000]
    follower.close()


def test_a_server_that_says_nothing_is_given_up(follow: Followers, running: Running) -> None:
    room, call = running
    follower = follow(room.url)
    wait_until(lambda: follower.state()["is_live"])
    room.faults = 1.0
    wait_until(lambda: len(room.credentials) > 1)
    room.faults = 0.0
    call(room.append, "a")
    wait_until(lambda: words(follower) == ["a"])
    follower.close()


def test_rooms_without_numbers_send_messages(follow: Followers, running: Running) -> None:
    room, call = running
    follower = follow(room.url, numbered=False)
    wait_until(lambda: follower.state()["is_live"] and len(room.sockets) == 1)
    follower.send({"type": "say", "word": "a"})
    call(room.tell, {"type": "batch", "events": [{"type": "online_count"}, {"type": "system"}]})
    wait_until(lambda: count(follower, "message") == 4)
    types = sorted(frame["type"] for _, frame in follower.state()["received"])
    assert types == ["connected", "online_count", "said", "system"]
    follower.close()


def test_a_closed_client_is_gone(follow: Followers, running: Running) -> None:
    room, _ = running
    follower = follow(room.url)
    wait_until(lambda: follower.state()["is_live"])
    follower.close()
    wait_until(lambda: room.closed == [1000])
    assert follower.state()["ended"] == "closed"


def examples() -> tuple[str, str]:
    """The examples of the folder's README, for browsers and for Python."""
    text = (FILES["/live.js"].parent / "README.md").read_text(encoding="utf-8")
    html, python = re.findall(r"^```(?:html|python)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return html, python


def test_the_example_for_browsers_runs(page: Browser, running: Running) -> None:
    room, call = running
    script = re.sub(r"</?script.*>", "", examples()[0])
    script = script.replace(ADDRESS, room.url).replace(
        'import { Room } from "./live.js"', 'const { Room } = await import("/live.js")'
    )
    page.evaluate("void (globalThis.logIn = async () => 'the token')")
    page.evaluate("globalThis.calls = []")
    page.evaluate("void (globalThis.draw = (battle) => calls.push(battle))")
    page.evaluate("void (globalThis.apply = (event) => calls.push(event.word))")
    page.evaluate(f"(async () => {{{script} globalThis.room = room; }})()")
    wait_until(lambda: [one["type"] for one in room.messages] == ["chat"])
    call(room.append, "a")
    wait_until(lambda: page.evaluate("calls") == [{"words": []}, "a"])
    page.evaluate("room.close()")


def test_the_example_for_python_runs(
    running: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    room, call = running

    async def log_in() -> str:
        return "the token"

    def end() -> None:
        wait_until(lambda: [one["type"] for one in room.messages] == ["chat"])
        call(room.append, "a")
        call(room.tell, {"type": "error", "detail": "enough", "closing": True})

    monkeypatch.setitem(sys.modules, "tiltyard_live", tiltyard_live)
    ending = threading.Thread(target=end)
    ending.start()
    with pytest.raises(tiltyard_live.Refused, match="enough"):
        exec(examples()[1].replace(ADDRESS, room.url), {"log_in": log_in})
    ending.join()
    assert capsys.readouterr().out == "snapshot connected\nevent said\nmessage error\n"
