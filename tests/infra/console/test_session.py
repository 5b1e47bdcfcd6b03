"""Signing in at all doors with one form, and what becomes of tokens."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import pytest

from tests.support.clients.stubbed_answers import make_answers
from tests.support.clients.stubbed_console import Asked, Console, Reply

pytestmark = pytest.mark.timeout(600)  # the first one may have to fetch Chromium
USER = {"id": "7", "username": "<b>vera", "email": "vera@example.org", "role": "SUPERADMIN"}
TRACKER = {
    "access_token": "t1", "refresh_token": "r1", "expires_in": 3600,
    "user": {"id": "usr_1", "username": "vera", "display_name": "Vera", "role": "admin"},
}  # fmt: skip


@pytest.fixture
def console(browser: Console) -> Console:
    browser.api.answers, browser.api.asked = make_answers(), []
    browser.api.answers |= {"/api/auth/login": log_in, "/v1/auth/login": TRACKER}
    browser.resize(1440, 900)
    browser.sign_out()
    return browser


def log_in(asked: Asked) -> Any:
    """The panel's door and the web game's, which are one path."""
    sent = json.loads(asked.body)
    if sent["password"] != "right":
        return Reply({"error": "Invalid credentials"}, HTTPStatus.UNAUTHORIZED)
    return {"token": "p1", "user": USER} if "emailOrUser" in sent else {"access_token": "g1"}


def submit(console: Console, password: str, name: str = "vera") -> None:
    console.ask(
        f"""(() => {{ const form = document.querySelector("form.stacked");
        form.elements.namedItem("name").value = {json.dumps(name)};
        form.elements.namedItem("password").value = {json.dumps(password)};
        form.requestSubmit(); }})()"""
    )


def sign_in(console: Console, back: str = "") -> None:
    console.open(f"#/sign-in?back={back}")
    submit(console, "right")
    console.wait_for("document.querySelector('.who .name')")
    console.settle()


def list_sent(console: Console, path: str) -> list[dict[str, str]]:
    """The headers that a path was asked with, their names in lower case."""
    return [
        {name.lower(): value for name, value in one.headers.items()}
        for one in console.api.asked
        if one.path == path
    ]


def test_one_form_opens_every_door_and_goes_back(console: Console) -> None:
    sign_in(console, back="%23%2Fplayers%3Fdays%3D7")
    console.wait_for("location.hash === '#/players?days=7'")
    assert console.list_texts(".who .name") == ["<b>vera"]
    bodies = [json.loads(one.body) for one in console.api.asked if one.method == "POST"]
    assert {"emailOrUser": "vera", "password": "right"} in bodies
    assert {"username": "vera", "password": "right"} in bodies
    assert {"email": "vera@example.org", "password": "right"} in bodies
    assert len(bodies) == 3
    console.settle()
    assert list_sent(console, "/api/ttt/players")[-1]["authorization"] == "Bearer p1"
    assert console.list_faults() == []


def test_a_wrong_password_is_said_and_counted_once(console: Console) -> None:
    console.open("#/sign-in")
    submit(console, "wrong")
    console.wait_for("document.querySelector('output.error')?.textContent")
    assert console.list_texts("output.error") == ["Invalid credentials"]
    assert sum(one.method == "POST" for one in console.api.asked) == 1
    assert console.ask("document.querySelector('form button').disabled") is False


def test_nobody_is_sent_to_another_origin(console: Console) -> None:
    for back in ("https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "javascript%3Aalert(1)"):
        sign_in(console, back=back)
        assert console.ask("location.origin") == console.url
        assert console.list_texts("main h1") == ["Overview"]
        console.sign_out()


def test_who_signs_out_leaves_nothing_behind(console: Console) -> None:
    sign_in(console)
    console.click(".who button")
    console.wait_for("!document.querySelector('.who .name')")
    assert json.loads(console.ask("sessionStorage.getItem('tiltyard')")) == {
        "logins": {},
        "keys": {},
    }
    console.api.asked.clear()
    console.go("#/servers")
    assert "authorization" not in list_sent(console, "/api/servers/live")[-1]


def test_a_token_that_counts_no_more_asks_to_sign_in(console: Console) -> None:
    sign_in(console)
    refused = Reply({"error": "Token expired"}, HTTPStatus.UNAUTHORIZED)
    console.api.answers["/api/servers/live"] = lambda asked: (
        refused if "p1" in str(asked.headers) else []
    )
    console.go("#/servers")
    console.wait_for("document.querySelector('.empty, .problem')")
    stored = json.loads(console.ask("sessionStorage.getItem('tiltyard')"))
    assert "panel" not in stored["logins"]


def test_the_trackers_token_is_renewed_once_for_all_that_need_it(console: Console) -> None:
    sign_in(console)

    def answer(asked: Asked) -> Any:
        sent = {name.lower(): value for name, value in asked.headers.items()}
        if sent.get("authorization") == "Bearer t2":
            return {"ok": asked.path}
        return Reply({"error": {"code": "TOKEN_EXPIRED", "message": "x"}}, HTTPStatus.UNAUTHORIZED)

    paths = [f"/v1/tournaments/{one}" for one in range(5)]
    console.api.answers |= dict.fromkeys(paths, answer)
    renewed = TRACKER | {"access_token": "t2", "refresh_token": "r2"}
    console.api.answers["/v1/auth/refresh"] = renewed
    module = console.ask("document.querySelector('link[href$=\"/api.js\"]').href")
    asked = ", ".join(f"get({json.dumps(path[1:])})" for path in paths)
    got = console.ask(f"import({json.dumps(module)}).then(({{ get }}) => Promise.all([{asked}]))")
    assert [one["ok"] for one in got] == paths
    assert console.api.count("/v1/auth/refresh") == 1
    stored = json.loads(console.ask("sessionStorage.getItem('tiltyard')"))
    assert stored["logins"]["tracker"]["refresh"] == "r2"


def test_what_has_an_etag_is_asked_for_by_it(console: Console) -> None:
    def answer(asked: Asked) -> Any:
        sent = {name.lower(): value for name, value in asked.headers.items()}
        if sent.get("if-none-match") == '"1"':
            return Reply(None, HTTPStatus.NOT_MODIFIED, {"ETag": '"1"'})
        return Reply(make_answers()["/api/servers/live"], headers={"ETag": '"1"'})

    console.api.answers["/api/servers/live"] = answer
    console.open("#/servers")
    console.go("#/highscores")
    console.go("#/servers")
    assert list_sent(console, "/api/servers/live")[-1]["if-none-match"] == '"1"'
    assert "13 of 32" in console.list_texts("td")


def test_keys_go_where_they_are_for(console: Console) -> None:
    console.open("#/sign-in")
    console.ask(
        """(() => { const form = document.querySelectorAll("form.stacked")[1];
        form.elements.namedItem("key").value = " ty_1_secret "; form.requestSubmit(); })()"""
    )
    console.wait_for("JSON.parse(sessionStorage.getItem('tiltyard'))?.keys.tilt")
    module = console.ask("document.querySelector('link[href$=\"/api.js\"]').href")
    console.api.answers |= {"/api/tilt/stats/ana": {}, "/api/rollups": []}
    console.ask(
        f"import({json.dumps(module)}).then(({{ get }}) =>"
        " Promise.all([get('api/tilt/stats/ana'), get('api/rollups')]))"
    )
    assert list_sent(console, "/api/tilt/stats/ana")[-1]["x-api-key"] == "ty_1_secret"
    assert "x-api-key" not in list_sent(console, "/api/rollups")[-1]
