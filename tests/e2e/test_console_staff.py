"""The console's pages for staff and admins, in Chromium against the deployed stack."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from functions.game import chat
from functions.game.calls import make_call
from infra.local.sam import ROOT
from infra.local.stack import secret_keys
from tests.support.clients.devtools import Chromium
from tests.support.console import Console
from tests.support.online import Online
from tests.support.stack import Database, Wire, until

PASSWORD = "copper-kettle-9"
HOSTILE = '<img src=x onerror="window.hacked=1">\u202egnp.exe'
WIDE = "W" * 128
_SESSION = "JSON.parse(sessionStorage.getItem('tiltyard'))"
PAGES = (
    "logs", "player-files", "shared-accounts", "server-keys", "reports", "users", "api-keys",
    "health", "economy", "password",
)  # fmt: skip


@pytest.fixture(scope="module")
def console(chromium: Chromium, stack: Any, database: Database) -> Console:
    """The console of a new admin, who has chosen a password of their own."""
    name = f"Ada {secrets.token_hex(3)}"
    console = Console(chromium.open_tab(stack.url), stack.url)
    password = _make_admin(database, name)
    console.sign_in(name, password)
    assert console.tab.evaluate("location.hash") == "#/password"
    console.fill(currentPassword="wrong one", newPassword=PASSWORD, again=PASSWORD)
    console.click("Change it")
    console.tab.wait_for("document.querySelector('main').innerText.includes('Invalid current')")
    console.tab.problems.clear()  # that refusal
    console.fill(currentPassword=password)
    console.click("Change it")
    console.tab.wait_for("!location.hash.startsWith('#/password')")
    console.tab.wait_for(f"Object.keys({_SESSION}.logins).length === 3", 60)
    return console


def _make_admin(database: Database, name: str) -> str:
    """The password for the first time of an admin who is made as README says."""
    made = subprocess.run(
        [sys.executable, "-m", "infra.ops.admin", "create", name, f"{secrets.token_hex(6)}@x.org"],
        cwd=ROOT,
        env=os.environ
        | {"DATABASE_URL": database.server.app_url}
        | {name.upper(): key for name, key in secret_keys().items()},
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.strip()


@pytest.fixture
def staff(console: Console, http: Wire) -> Online:
    """The API as the admin of the console sees it."""
    token = console.tab.evaluate(f"{_SESSION}.logins.panel.token")
    return Online(http, {"Authorization": f"Bearer {token}"})


@pytest.fixture
def harbour(staff: Online) -> dict[str, Any]:
    sent = {"name": "Harbour", "ip": "198.51.100.4", "port": 27015, "mode": "TTT", "maxPlayers": 24}
    made: dict[str, Any] = staff.post("/api/servers", sent).json
    return made


@pytest.fixture(autouse=True)
def clean(console: Console) -> Iterator[None]:
    """Whatever a test does, nothing goes wrong in the browser."""
    yield
    console.assert_clean()


def _make_steam_id() -> str:
    return f"STEAM_0:1:{secrets.randbelow(10**9) + 1}"


def _make_event(kind: str, who: str, name: str, seconds_ago: float = 0, **more: Any) -> Any:
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    stamp = at.isoformat(timespec="milliseconds")
    return {"type": kind, "timestamp": stamp, "steamId": who, "playerName": name, **more}


def _ingest(http: Wire, key: str, *events: Any) -> int:
    sent = {"X-Server-Key": key, "Content-Type": "application/json"}
    return http("POST", "/api/ingest/logs", {"events": list(events)}, sent).status


def _has_text(text: str) -> str:
    return f"document.querySelector('main').innerText.includes({text!r})"


def test_logs_are_found_and_followed(
    console: Console, http: Wire, staff: Online, harbour: dict[str, Any]
) -> None:
    who, word = _make_steam_id(), secrets.token_hex(4)
    _ingest(
        http,
        harbour["apiKey"],
        _make_event("CHAT", who, HOSTILE, 30, rawText=f"{word} first", map="ttt_attic"),
        _make_event("ULX", who, HOSTILE, 20, rawText=f"{word} kicked Bo", map="ttt_attic"),
        _make_event("CHAT", who, WIDE, 10, rawText=f"{word} {HOSTILE}", map="ttt_attic"),
    )
    until(30, lambda: len(staff.get(f"/api/logs?search={word}").json) == 3)
    console.open(f"#/logs?search={word}", "Logs")
    rows = console.read_table("Log events, newest first")
    events = staff.get(f"/api/logs?search={word}").json
    assert [(row[1], row[3], row[4], row[5]) for row in rows] == [
        (event["type"], event["rawText"], "Harbour", "ttt_attic") for event in events
    ]
    assert [row[2] for row in rows[1:]] == [HOSTILE.replace("\u202e", "")] * 2
    assert console.tab.evaluate("window.hacked") is None
    _assert_follows(console, http, harbour["apiKey"], who, word)
    console.open(f"#/logs?search={word}&type=ULX", "Logs")
    console.tab.wait_for(f"!{_has_text(word + ' first')}")
    assert [row[3] for row in console.read_table("Log events, newest first")] == [
        f"{word} kicked Bo"
    ]
    console.tab.evaluate("history.back()")
    console.tab.wait_for(_has_text(f"{word} first"))


def _assert_follows(console: Console, http: Wire, key: str, who: str, word: str) -> None:
    """The tail shows what arrives, within 4 s when the machine is not busy with something else."""
    console.tab.wait_for("document.querySelector('main [role=status]').innerText === 'live'")
    waits = []
    for number in range(3):
        text = f"{word} late {number}"
        assert _ingest(http, key, _make_event("CHAT", who, "Ana", rawText=text)) == 200
        begun = time.monotonic()
        console.tab.wait_for(_has_text(text))
        waits.append(time.monotonic() - begun)
        assert console.read_table("Log events, newest first")[0][3] == text
    assert min(waits) < 4
    shown = [row[3] for row in console.read_table("Log events, newest first")]
    assert len(shown) == len(set(shown)) == 6


def test_a_link_to_an_event_shows_it(
    console: Console, http: Wire, staff: Online, harbour: dict[str, Any]
) -> None:
    who = _make_steam_id()
    _ingest(http, harbour["apiKey"], _make_event("CHAT", who, "Ana", 5, rawText="here I am"))
    path = f"/api/logs?steamId={quote(who)}"
    until(30, lambda: len(staff.get(path).json) == 1)
    [event] = staff.get(path).json
    console.open(f"#/log-event/{event['id']}", "Log event")
    text = console.read_text()
    assert "here I am" in text
    assert who in text
    console.open("#/log-event/nothing", "Log event")
    assert "Log not found" in console.read_text()
    console.tab.problems.clear()  # that refusal


def test_a_players_file(
    console: Console, http: Wire, staff: Online, harbour: dict[str, Any]
) -> None:
    who = _make_steam_id()
    _ingest(
        http,
        harbour["apiKey"],
        _make_event("CONNECT", who, "Old name", 300),
        _make_event("CHAT", who, HOSTILE, 100, rawText="hello"),
        _make_event("DISCONNECT", who, HOSTILE, 60),
    )
    path = f"/api/players/{quote(who)}"
    until(30, lambda: staff.get(path).status == 200 and staff.get(path).json["playTimeSeconds"] > 0)
    address = f"#/player-file/{quote(who, safe='')}"
    console.open(address, HOSTILE.replace("\u202e", ""))
    player, sessions = staff.get(path).json, staff.get(f"{path}/sessions").json
    figures = console.read_figures()
    assert [figures["Connections"]] == console.format(player["totalConnections"])
    minutes, seconds = divmod(player["playTimeSeconds"], 60)
    assert figures["Played"] == f"{minutes} min {seconds} s"
    assert [row[0] for row in console.read_table("Names")] == [
        name["name"].replace("\u202e", "") for name in player["names"]
    ]
    assert [row[3:] for row in console.read_table("Sessions")] == [
        ["Harbour", one["endReason"], one["method"]] for one in sessions
    ]
    console.open("#/player-files?search=" + quote(who, safe=""), "Player files")
    [row] = console.read_table("Players")
    assert (row[1], row[4]) == (who, console.format(player["totalConnections"])[0])
    assert row[5] == f"{console.format(player['playTimeHours'])[0]} h"


def test_notes_and_punishments(
    console: Console, http: Wire, staff: Online, harbour: dict[str, Any]
) -> None:
    who = _make_steam_id()
    _ingest(http, harbour["apiKey"], _make_event("CONNECT", who, "Bo", 5))
    path = f"/api/players/{quote(who)}"
    until(30, lambda: staff.get(path).status == 200)
    console.open(f"#/player-file/{quote(who, safe='')}", "Bo")
    console.fill(content=f"Was rude {HOSTILE}")
    console.click("Add the note")
    console.tab.wait_for(_has_text("Was rude"))
    [note] = staff.get(path).json["notes"]
    assert note["content"] == f"Was rude {HOSTILE}"
    console.click("Edit")
    console.fill(content="Was rude once")
    console.click("Save")
    console.tab.wait_for(_has_text("Was rude once"))
    assert [one["content"] for one in staff.get(path).json["notes"]] == ["Was rude once"]
    console.click("Delete")
    console.click("Cancel")
    console.click("Delete")
    console.click("Delete the note")
    console.tab.wait_for(_has_text("No notes yet."))
    assert staff.get(path).json["notes"] == []
    console.fill(type="MUTE", reason="spams", duration="3 days")
    console.click("Punish")
    assert staff.get(path).json["punishments"] == []
    console.click("Record the MUTE")
    console.tab.wait_for(_has_text("spams"))
    [given] = staff.get(path).json["punishments"]
    assert (given["type"], given["reason"], given["duration"]) == ("MUTE", "spams", "3 days")
    assert console.tab.evaluate("window.hacked") is None


def test_shared_accounts_with_their_evidence(
    console: Console, http: Wire, staff: Online, harbour: dict[str, Any]
) -> None:
    pair = sorted((_make_steam_id(), _make_steam_id()))
    address = f"2001:db8:{secrets.token_hex(2)}:1::7"
    for number, who in enumerate(pair):
        event = _make_event("CONNECT", who, f"Twin{number}", 9 - number, metadata={"ip": address})
        _ingest(http, harbour["apiKey"], event)

    def find() -> list[Any]:
        groups = staff.get("/api/suspicious?includeAllowed=true").json
        return [one for one in groups if {who["steamId"] for who in one["players"]} >= {*pair}]

    until(30, lambda: bool(find()))
    console.open(f"#/player-file/{quote(pair[0], safe='')}", "Twin0")
    evidence = find()[0]["evidence"]
    assert [(row[0], row[1], row[3]) for row in console.read_table("Evidence")] == [
        ("Twin0", "Twin1", *console.format(one["days"])) for one in evidence
    ]
    console.click("Allow as a household")
    console.fill(reason="Sisters")
    console.click("Allow", "dialog button")
    console.tab.wait_for(_has_text("allowed"))
    assert find()[0]["allowed"] is True
    console.open("#/shared-accounts", "Shared accounts")
    assert "Sisters" in console.read_text()


def test_keys_are_made_shown_once_rotated_and_revoked(
    console: Console, http: Wire, staff: Online
) -> None:
    name = f"Quay {secrets.token_hex(3)}"
    console.open("#/server-keys", "Servers and keys")
    console.fill(name=name, ip="198.51.100.9", port="99999", maxPlayers="24")
    console.tab.evaluate("document.querySelector('main form').noValidate = true")
    console.click("Register")
    said = "document.querySelector('[name=port]').nextElementSibling?.innerText"
    assert console.tab.wait_for(said) == "must be at most 65535"
    console.tab.problems.clear()  # that refusal
    console.fill(port="27016")
    console.click("Register")
    first = _take_secret(console)
    console.click(name)
    console.tab.wait_for(_has_text("Make a new key"))
    event = _make_event("CHAT", _make_steam_id(), "Ana", rawText="hi")
    assert _ingest(http, first, event) == 200
    console.click("Make a new key")
    console.click("Make a new key", "dialog button")
    second = _take_secret(console)
    assert second != first
    id_ = console.tab.evaluate("location.hash.split('/').pop()")
    console.open(f"#/server-keys/{id_}", name)
    keys = staff.get(f"/api/servers/{id_}/keys").json
    assert [row[0] for row in console.read_table("Keys")] == [key["keyId"] for key in keys]
    key_id = second.split("_")[2]
    _press(console, f"Revoke key {key_id}")
    console.click("Revoke the key")
    console.tab.wait_for(f"!{_has_text(key_id)}")
    until(90, lambda: _ingest(http, second, event) == 403)
    assert _ingest(http, first, event) == 200


def _press(console: Console, label: str) -> None:
    console.tab.evaluate(f"document.querySelector('[aria-label=\"{label}\"]').click()")


def _take_secret(console: Console) -> str:
    """The key that a dialog shows, and then nothing does."""
    secret: str = console.tab.wait_for("document.querySelector('dialog .secret')?.textContent")
    console.click("I have stored it")
    console.tab.wait_for("!document.querySelector('dialog')")
    kept = (
        "document.documentElement.outerHTML + JSON.stringify({...sessionStorage, ...localStorage})"
    )
    assert secret not in console.tab.evaluate(f"{kept} + location.href")
    return secret


def test_an_api_key(console: Console, http: Wire, staff: Online) -> None:
    owner = f"bot-{secrets.token_hex(3)}"
    console.open("#/api-keys", "API keys")
    console.fill(name=owner)
    console.tab.evaluate("document.querySelector('[value=\"tilt:read\"]').click()")
    console.click("Make the key")
    key = _take_secret(console)
    read = f"/api/tilt/stats/{owner}"
    assert http("GET", read, headers={"X-Api-Key": key}).status != 401
    console.tab.wait_for(_has_text(owner))
    listed = staff.get("/api/admin/keys").json["keys"]
    assert [row[2] for row in console.read_table("API keys")] == [one["key_id"] for one in listed]
    [mine] = [one for one in listed if one["name"] == owner]
    _press(console, f"Revoke key {mine['key_id']}")
    console.click("Revoke the key")
    console.tab.wait_for(f"!{_has_text(owner)}")
    assert owner not in [one["name"] for one in staff.get("/api/admin/keys").json["keys"]]


def test_reports_of_chat(
    console: Console, staff: Online, new_player: Callable[..., Online]
) -> None:
    writer, reader = new_player("Writer"), new_player("Reader")
    me = writer.get("/api/player/me").json
    text = f"rude {HOSTILE} {secrets.token_hex(3)}"
    posted = chat.post_message(make_call(me["id"], 0), "tavern", text)
    message = posted["payload"]["id"]
    answered = reader.post(f"/api/chat/messages/{message}/report", {"reason": "It is rude"})
    assert answered.status == 200, answered.text
    console.open("#/reports", "Chat reports")
    shown = console.read_text("main .entries li")
    report = staff.get("/api/admin/reports").json["reports"][0]
    for part in (text, report["reporter"], report["message"]["username"], "It is rude"):
        assert part.replace("\u202e", "") in shown.replace("\u202e", "")
    console.click("Delete the message")
    console.click("Delete the message", "dialog button")
    console.tab.wait_for("document.querySelector('main .entries li').innerText.includes('deleted')")
    assert staff.get("/api/admin/reports").json["reports"][0]["message"]["deleted_at"]
    console.click("Mute the author")
    console.fill(minutes="60", reason="Was rude")
    console.click("Mute", "dialog button")
    console.tab.wait_for("!document.querySelector('dialog')")
    assert staff.get(f"/api/admin/users/{me['id']}").json["muted_until"]


def test_users_and_roles(
    console: Console, staff: Online, new_player: Callable[..., Online]
) -> None:
    word = f"Zoe{secrets.token_hex(3)}"
    new_player(word)
    console.open(f"#/users?q={word}", "Users and roles")
    [user] = staff.get(f"/api/admin/users?q={word}").json["users"]
    [row] = console.read_table("Users")
    assert row[:3] == [user["username"], user["role"], user["email"]]
    console.click(user["username"])
    console.click("Change the role")
    console.fill(role="staff", reason="Helps out")
    console.click("Change the role", "dialog button")
    path = f"/api/admin/users/{user['id']}"
    until(10, lambda: bool(staff.get(path).json["role"] == "staff"))
    console.tab.wait_for("!document.querySelector('dialog')")
    console.click("Ban")
    console.fill(reason="Left")
    console.click("Ban", "dialog button")
    console.tab.wait_for(_has_text("End the ban"))
    assert staff.get(path).json["banned"] is True


def test_the_economy(console: Console, staff: Online, new_player: Callable[..., Online]) -> None:
    new_player("Rich").get("/api/player/me")
    console.open("#/economy?days=7", "Economy")
    economy = staff.get("/api/admin/economy?days=7").json
    figures = console.read_figures()
    assert [figures["Held by all"], figures["Median"]] == console.format(
        economy["gems"]["held"], economy["gems"]["median"]
    )
    assert _read_first_figures(console) == console.format(
        *(economy["gold"][name] for name in ("held", "players", "median"))
    )
    causes = [cause for flow in reversed(economy["flows"]) for cause in flow["causes"]]
    assert [row[2:] for row in console.read_table("Movements")] == [
        [one["cause"], *console.format(one["movements"], one["made"], one["destroyed"])]
        for one in causes
    ]
    assert [row[2:5] for row in console.read_table("Drops")] == [
        console.format(one["offered"], one["expected"], one["drawn"]) for one in economy["drops"]
    ]


def test_health(console: Console, staff: Online) -> None:
    console.open("#/health", "Health")
    health = staff.get("/api/admin/health").json
    figures = console.read_figures()
    assert {"Writes that wait", "Dead letters", "Failed jobs", "Posts left now"} <= figures.keys()
    assert figures["Refused rounds"] == console.format(health["quarantine"]["bodies"])[0]
    assert [row[0] for row in console.read_table("Rollups")] == [
        one["name"] for one in health["rollups"]
    ]
    assert {one["name"] for one in health["jobs"]} >= {
        row[0] for row in console.read_table("Scheduled jobs")
    }


def _read_first_figures(console: Console) -> list[str]:
    found: list[str] = console.tab.evaluate(
        "[...document.querySelector('main dl').querySelectorAll('dd')].map((one) => one.innerText)"
    )
    return found


def test_who_is_no_admin_is_told_so(
    console: Console, chromium: Chromium, staff: Online, stack: Any
) -> None:
    name = f"Rita {secrets.token_hex(3)}"
    account = {"username": name, "email": f"{secrets.token_hex(6)}@x.org", "password": PASSWORD}
    assert staff.post("/api/users", account | {"role": "ADMIN"}).status == 201
    rita = Console(chromium.open_tab(stack.url), stack.url)
    rita.open("#/logs")
    assert "This page is for staff." in rita.read_text()
    rita.sign_in(name, PASSWORD)
    rita.fill(currentPassword=PASSWORD, newPassword=PASSWORD + "!", again=PASSWORD + "!")
    rita.click("Change it")
    rita.tab.wait_for("!location.hash.startsWith('#/password')")
    rita.tab.wait_for(f"Object.keys({_SESSION}.logins).length === 3", 60)
    rita.open("#/economy")
    assert "This page is for admins." in rita.read_text()
    rita.open("#/server-keys", "Servers and keys")
    assert "Register a server" not in rita.read_text()
    menu = rita.read_text("nav")
    assert "Logs" in menu
    assert "API keys" not in menu
    rita.tab.problems[:] = [one for one in rita.tab.problems if "auth/login" not in one]
    rita.assert_clean()


def test_no_page_is_wider_than_a_phone(
    console: Console, http: Wire, staff: Online, harbour: dict[str, Any]
) -> None:
    who = _make_steam_id()
    _ingest(http, harbour["apiKey"], _make_event("CHAT", who, WIDE, 2, rawText=WIDE, map=WIDE))
    until(30, lambda: staff.get(f"/api/players/{quote(who)}").status == 200)
    staff.call("PATCH", f"/api/servers/{harbour['id']}", {"name": WIDE})
    console.tab.resize(390, 844)
    try:
        for page in (*PAGES, f"player-file/{quote(who, safe='')}", f"server-keys/{harbour['id']}"):
            console.open(f"#/{page}")
            wide = console.tab.evaluate("document.documentElement.scrollWidth")
            assert wide <= 390, page
    finally:
        console.tab.resize(1440, 1000)
