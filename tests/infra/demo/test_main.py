"""The demo against a stack: what it posts, reads back, and how it refuses."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.demo import __main__ as demo
from infra.demo import service
from infra.local import state
from infra.local.deployment import Deployment


@dataclass
class Stack:
    """What a stack of this contract would answer, as far as the demo asks."""

    url: str = ""
    key: str = "the key"
    names: dict[str, str] = field(default_factory=dict)
    rounds: dict[str, Any] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    cut: int = 0

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        if path == "/api/player/update":
            known = body["steam_id"] in self.names
            self.names[body["steam_id"]] = body["display_name"]
            return 200 if known else 201, {"message": "Player updated successfully"}
        if path == "/api/tilt/events":
            self.events.append(body)
            return 200, {"success": True, "eventId": "1"}
        if path == "/api/collect":
            stored = self.rounds.setdefault(body["round_id"], body)
            if stored is not body and stored != body:
                return 409, {"error": "Round already stored with different content"}
            return 201 if stored is body else 200, {"round_id": body["round_id"]}
        return 404, {"error": "Not found"}

    def get(self, path: str) -> tuple[int, Any]:
        path, _, asked = path.partition("?")
        if path.startswith("/api/tilt/stats/"):
            return 200, {"totalEvents": 3, "averageTiltScore": 2.5, "lastEventAt": None}
        assert "from=20" in asked
        assert "to=20" in asked
        if path == "/api/ttt/overview":
            return 200, {"rounds": len(self.rounds), "wins": {"traitors": 4}}
        if path.startswith("/api/ttt/"):
            row = {"display_name": "קו 🦊\x1b[2J", "kills": 12, "weapon": "weapon_zm_rifle"}
            return 200, {"items": [row], "changes": []}
        return 404, {"error": "Not found"}


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack that URL and API_KEY point to."""
    known = Stack()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: two would wait for each other

        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.say(lambda: known.post(self.path, sent))

        def do_GET(self) -> None:
            self.say(lambda: known.get(self.path))

        def say(self, answer: Any) -> None:
            known.connections.add(self.client_address)
            headers: dict[str, str] = {}
            if self.headers["X-Api-Key"] != known.key:
                status, body = 401, {"error": "Unauthorized"}
            elif known.refusals:
                (status, headers), body = known.refusals.pop(0), {"error": "Not now"}
            else:
                status, body = answer()
            told = json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)
            if known.cut:
                known.cut -= 1
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        known.url = f"http://127.0.0.1:{listening.server_port}"
        monkeypatch.setenv("URL", known.url + "/")
        monkeypatch.setenv("API_KEY", known.key)
        yield known
        listening.shutdown()
        thread.join()


def run(*words: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["demo", *words])
        demo.main()


def test_an_evening_is_posted_once_and_read_back(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--rounds", "40")
    told = capsys.readouterr().out
    assert "40 rounds stored, 0 were there already." in told
    assert "10 of 40 rounds on 2 servers\n" in told
    assert "\r" not in told
    assert len(stack.rounds) == 40
    assert len(stack.names) == 24
    assert len(stack.events) > 5
    assert f"posted {len(stack.events)} events" in told
    assert len(stack.connections) == 1
    for title in ("Overview", "Players", "Weapons", "Maps", "Roles", "Best duos", "Nemesis"):
        assert f"\n{title}\n" in told
    assert "\nPurchases\n" in told
    assert "\nTilt\n" in told
    assert "weapon_zm_rifle" in told
    assert "\x1b" not in told
    once = list(stack.events)
    run("--rounds", "40")
    assert "All 40 rounds were there already" in capsys.readouterr().out
    assert len(stack.rounds) == 40
    assert stack.events == 2 * once  # the stack knows them too


def test_tilt_events_are_what_a_bot_posts(stack: Stack) -> None:
    run("--rounds", "60", "--seed", "4")
    assert len({event["userId"] for event in stack.events}) == 4
    ends = {datetime.fromisoformat(body["ended_at"]) for body in stack.rounds.values()}
    for event in stack.events:
        assert 2 <= event["tiltScore"] <= 5
        assert datetime.fromtimestamp(event["timestamp"] / 1000, UTC) in ends
        assert event["signals"]
        for signal in event["signals"]:
            assert 0 <= signal["severity"] <= 10
            assert 0 <= signal["confidence"] <= 1


def test_a_cut_connection_and_a_busy_stack_are_no_end(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.cut = 3
    stack.refusals = [(429, {"Retry-After": "0"}), (429, {"Retry-After": "0"})]
    run("--rounds", "4")
    assert "4 rounds stored" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (403, "refused the API key"),
        (404, "does not serve /api/player/update: deploy"),
        (503, "was answered 503: Not now"),
        (409, "choose another --seed"),
    ],
)
def test_a_refusal_is_a_sentence(stack: Stack, status: int, sentence: str) -> None:
    stack.refusals = [(status, {})]
    with pytest.raises(SystemExit, match=sentence):
        run("--rounds", "4")


def test_a_wrong_key_is_a_sentence(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "another")
    with pytest.raises(SystemExit, match="refused the API key: set API_KEY"):
        run()
    monkeypatch.delenv("API_KEY")
    with pytest.raises(SystemExit, match="Set API_KEY too"):
        run()


def test_a_stopped_stack_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("URL", raising=False)
    monkeypatch.setattr(state, "HOME", tmp_path)
    with pytest.raises(SystemExit, match="start one with `make run`"):
        run()
    monkeypatch.setenv("URL", "http://127.0.0.1:1")
    with pytest.raises(SystemExit, match=r"Nothing answers at http://127.0.0.1:1: .*`make run`"):
        run()


def test_the_running_stack_is_found_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("URL", raising=False)
    monkeypatch.delenv("API_KEY")
    monkeypatch.setattr(state, "HOME", tmp_path)
    monkeypatch.setattr(service, "LOCAL", tmp_path)
    (tmp_path / "keys.json").write_text('{"api_key": "made once"}')
    deployed = Deployment("api", "live", "sockets", "migrate", "/logs", "queue", "letters")
    with state.own_folder(tmp_path):
        state.State(1, "http://127.0.0.1:8000", 4566, {}, deployed).write(tmp_path)
        with closing(service.find_service()) as found:
            assert (found.url, found.key) == ("http://127.0.0.1:8000", "made once")
