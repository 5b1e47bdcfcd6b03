"""The evening of six players in a raid, against the handlers behind a socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from functions.shared import db
from infra.demo import raid, raider
from infra.demo.service import DemoError, Service
from infra.ops import keys
from tests.support.client import call_gateway
from tests.support.game import make_operator
from tests.support.gateway import gateway_event

SECRET = "the key of the stack"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: two would wait for each other

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def do_GET(self) -> None:
        self._answer(None)

    def _answer(self, body: str | None) -> None:
        event = gateway_event(self.command, self.path, body, dict(self.headers))
        given = call_gateway(event)
        told = given["body"].encode()
        self.send_response(given["statusCode"])
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: Any) -> None:
        pass


class _Server(HTTPServer):
    """Serves any number of connections in one thread each, one request at a time."""

    def process_request(self, request: Any, client_address: Any) -> None:
        def serve() -> None:
            self.finish_request(request, client_address)
            self.shutdown_request(request)

        threading.Thread(target=serve, daemon=True).start()


@pytest.fixture
def stack(store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of the handlers, and the token of who may give."""
    monkeypatch.setenv("ADMIN_TOKEN", make_operator().headers["Authorization"].split()[1])
    with _Server(("127.0.0.1", 0), _Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def play(url: str, seconds: float = 60.0) -> raid.Raid:
    evening = raid.Raid(url, SECRET, lambda _: None, seconds)
    with raid.hire_operator(url, SECRET) as operator:
        evening.play(raid.make_grant(operator))
    return evening


def status(evening: raid.Raid) -> str:
    return str(
        db.fetch_value("select status from game.battles where id = %s", (evening.battle["id"],))
    )


def test_the_dragon_falls_and_everybody_claims_and_so_it_is_again(
    stack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    raid.main(stack, SECRET)
    told = "\n".join(
        line for line in capsys.readouterr().out.splitlines() if not line.startswith("{")
    )
    assert "hit points\n" in told
    assert "The dragon fell after" in told
    for title in ("Boss Raid", "Highscores", "Economy of today", "Drops of today"):
        assert f"{title}\n" in told
    for name in raid.NAMES:
        assert name in told
    claims = db.query("select gold from game.claims")
    assert len(claims) == 6
    assert {row["gold"] for row in claims} <= {20_000, 30_000, 24_000, 36_000}
    levels = "select level, gold from game.players where username ~ '_demo$'"
    assert all(row["level"] >= raider.LEVEL for row in db.query(levels))
    again = play(stack)
    assert status(again) == "completed"
    assert db.fetch_value("select count(*) from game.grants") == 6  # of the first evening alone
    assert db.fetch_value("select count(*) from game.claims") == 12


def test_an_evening_that_ends_before_the_dragon_goes_on_the_next_time(stack: str) -> None:
    first = play(stack, seconds=0.0)
    assert status(first) == "in_progress"
    assert first.describe().startswith("The evening is over after 0 blows, and the dragon has")
    assert [row["gold"] for row in map(first._row, first.raiders)] == [None] * 6
    second = play(stack)
    assert second.battle["id"] == first.battle["id"]
    assert status(second) == "completed"


def test_who_has_another_password_cannot_enter(stack: str) -> None:
    play(stack, seconds=0.0)
    with pytest.raises(DemoError, match="Mira_demo cannot enter the game: Incorrect email"):
        raid.Raid(stack, "another key", lambda _: None).play(lambda *_: None)


def test_without_a_token_an_account_is_admin_as_long_as_the_evening_lasts(
    stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ADMIN_TOKEN")
    monkeypatch.setattr(keys, "use_database", lambda: None)
    role = "select role from accounts.users where username = %s"
    with raid.hire_operator(stack, SECRET) as operator:
        assert db.fetch_value(role, (raid.OPERATOR,)) == "admin"
        assert operator.get("/api/admin/economy", days=1)["days"] == 1
    assert db.fetch_value(role, (raid.OPERATOR,)) == "player"
    with pytest.raises(DemoError), raid.hire_operator(stack, SECRET):
        raise DemoError("on the way")
    assert db.fetch_value(role, (raid.OPERATOR,)) == "player"


def test_a_refusal_is_a_sentence(stack: str) -> None:
    one = raider.Raider("Mira_demo", Service(stack, "", "Authorization"))
    one.enter(raider.make_password(SECRET, one.name))
    with pytest.raises(DemoError, match=r"Mira_demo is refused POST .*: Item not found in shop"):
        one._buy("nothing")
    one.service.close()
    with pytest.raises(DemoError, match="Nothing answers at"):
        raider.Raider("Mira_demo", Service("http://127.0.0.1:1", "")).enter("x")


def test_passwords_are_of_a_stack_and_a_player() -> None:
    made = {raider.make_password(key, name) for key in ("a", "b") for name in raid.NAMES}
    assert len(made) == 12
    assert raider.make_password("a", "Mira") == raider.make_password("a", "Mira")
