"""What a server's hooks send live, and what its text log says of the same evening, are one."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from functions.shared import db
from tests.support.client import Client
from tests.support.logs.panel import SERVER, TODAY, make_staff, send

PATH = "/api/admin/legacy-logs/import"
DAY = TODAY - timedelta(days=2)
ANA, BO, BOB_A, BOB_B = "STEAM_0:1:101", "STEAM_0:1:102", "STEAM_0:0:201", "STEAM_0:1:202"
NAMES = {ANA: "Ana ☭", BO: "Bo: [x]", BOB_A: "Bob", BOB_B: "Bob", "BOT": "Bot01"}
MODEL = "models/props_c17/oildrum001.mdl"
OWN = {"ULX": 5, "GAME_EVENT": 1}  # ULX's own sentences, and a new name, for which there is no hook


class Evening:
    """An evening on a server: each thing that happens is sent by the hooks and written by ULX."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.lines: list[str] = []
        self.second = 20 * 3600
        self.map = "gm_construct"
        self.names = dict(NAMES)

    def happens(
        self, line: str | None, kind: str, who: str | None = None, **metadata: Any
    ) -> dict[str, Any]:
        """One thing; `line` as ULX writes it, if it does."""
        clock = f"{self.second // 3600:02}:{self.second // 60 % 60:02}:{self.second % 60:02}"
        event = {
            "type": kind,
            "gameMode": "SANDBOX",
            "timestamp": f"{DAY}T{clock}Z",
            "map": self.map,
            "playerCount": 3.0,
            "metadata": metadata,
        }
        if who:
            event |= {"steamId": who, "playerName": self.names[who]}
        self.events.append(event)
        self.writes(line, clock)
        return event

    def writes(self, line: str | None, clock: str = "") -> None:
        clock = clock or f"{self.second // 3600:02}:{self.second // 60 % 60:02}:00"
        if line is not None:
            self.lines.append(f"[{clock}] {line}")

    def later(self, seconds: int = 60) -> None:
        self.second += seconds

    def starts(self, map_: str) -> None:
        self.map = map_
        self.lines.append("")
        self.happens(f"New map: {map_}", "GAME_EVENT", eventKind="MAP_CHANGE")

    def ends(self) -> None:
        self.happens(
            "Server is shutting down/changing levels.", "GAME_EVENT", eventKind="MAP_CYCLE_END"
        )

    def joins(self, who: str) -> None:
        self.writes(f'Client "{self.names[who]}" connected.')
        self.later(7)
        self.spawns_in(who, 7)

    def spawns_in(self, who: str, seconds: int) -> None:
        line = f'Client "{self.names[who]}" spawned in server <{who}> (took {seconds} seconds).'
        self.happens(line, "CONNECT", who, ip="203.0.113.9", authType="steam")
        self.happens(None, "GAME_EVENT", who, eventKind="SPAWN", hp=100.0, armor=0.0)

    def leaves(self, who: str) -> None:
        line = f'Dropped "{self.names[who]}" from server<{who}>'
        self.happens(line, "DISCONNECT", who, reason="unknown")

    def says(self, who: str, text: str, prefix: str = "") -> None:
        if text.startswith(("!", "/")):
            words = text.split()
            command = self.happens(None, "COMMAND", who, command=words[0], args=words[1:])
            command["rawText"] = text
        line = f"{prefix}{self.names[who]}: {text}"
        chat = self.happens(line, "CHAT", who, message=text, chatScope="GLOBAL", lifeState="ALIVE")
        chat["rawText"] = f"{self.names[who]}: {text}"

    def dies(self, victim: str, line: str, **more: Any) -> None:
        said = {"victimName": self.names[victim], "victimSteamId": victim} | more
        self.happens(line, "KILL", victim, eventKind="DEATH", **said)

    def kills(self, attacker: str, victim: str, weapon: str | None) -> None:
        line = f"{self.names[attacker]} killed {self.names[victim]}"
        line += f" using {weapon}" if weapon else ""
        said = {"attackerName": self.names[attacker], "attackerSteamId": attacker}
        self.dies(victim, line, weapon=weapon, **said)

    def builds(self, who: str, kind: str, index: int, model: str, name: str = "prop") -> None:
        word = {"PROP": "model", "NPC": "NPC"}.get(kind, kind.lower())
        what = name if kind in ("SENT", "NPC") else model.lower().replace("\\", "/")
        line = f"{self.names[who]}<{who}> spawned {word} {what}"
        said = {"entityClass": name, "entIndex": float(index), "propModel": model}
        self.happens(line, "PROP_SPAWN", who, spawnKind=kind, **said)

    def takes_name(self, who: str, name: str) -> None:
        self.writes(f"{self.names[who]}<{who}> changed their name to {name}")
        self.names[who] = name


def evening() -> Evening:
    day = Evening()
    day.starts("gm_construct")
    for who in (ANA, BO, BOB_A, "BOT"):
        day.later()
        day.joins(who)
    day.later()
    day.says(ANA, "olá: ☭")
    day.says(ANA, "olá: ☭")
    day.says(BO, "he killed me using hacks")
    day.says(BO, "!hp Ana 100")
    day.says(BO, "/ nothing")
    day.events[-2]["metadata"] = {"command": "/ nothing", "args": {}}
    day.says(BOB_A, "only us", "(TEAM) ")
    day.later()
    day.writes("Ana ☭ slapped Bo: [x] with 5 damage")
    day.writes("(SILENT) Ana ☭ ran lua: print('x: y')")
    day.writes("(Console) ran rcon command: say hi: all")
    day.writes("Ana ☭ voted for: gm_flatgrass")
    for index in (60, 61, 62):
        day.builds(ANA, "PROP", index, "models\\Props_C17/oildrum001.mdl", "prop_physics")
    day.builds(ANA, "PROP", 63, "models/other.mdl", "prop_physics")
    day.builds(BO, "SENT", 64, "models/x.mdl", "item_healthkit")
    day.builds(BO, "NPC", 65, "models/x.mdl", "npc_zombie")
    day.builds(BO, "VEHICLE", 66, "models/buggy.mdl", "prop_vehicle_jeep")
    day.later()
    day.kills(ANA, BO, "weapon_ar2")
    day.kills(BO, ANA, None)
    day.kills("BOT", ANA, "weapon_357")
    attacker = {"attackerName": "prop_physics[827]", "weapon": "prop_physics", "propModel": MODEL}
    day.dies(ANA, "Ana ☭ was killed by prop_physics", **attacker)
    itself = {"attackerName": NAMES[BO], "attackerSteamId": BO, "weapon": "weapon_frag"}
    day.dies(BO, "Bo: [x] suicided!", **itself)
    day.later()
    day.leaves(BOB_A)
    day.joins(BOB_B)
    day.says(BOB_B, "another Bob")
    day.later()
    day.ends()
    day.later(20)
    day.starts("gm_flatgrass")
    for who in (BO, ANA):
        day.later()
        day.spawns_in(who, 80)
    day.takes_name(ANA, "B: x")
    day.later()
    day.says(ANA, "still me")
    day.writes("B: x kicked Bo: [x] (reason: spam)")
    day.leaves(BO)
    day.leaves(ANA)
    return day


def bring(lines: list[str]) -> Any:
    sent = {"serverId": SERVER, "content": "\r\n".join(lines), "baseDate": str(DAY)}
    answered = make_staff().post(PATH, sent)
    assert answered.status == 200, answered.text
    assert answered.json["errors"] == []
    return answered.json


def kinds() -> Counter[str]:
    return Counter(
        {
            row["type"]: row["n"]
            for row in db.query("select type, count(*)::int as n from logs.events group by type")
        }
    )


def play(game: Client, day: Evening, at_once: int) -> None:
    """As hooks send it: the most of it one by one."""
    for start in range(0, len(day.events), at_once):
        send(game, *day.events[start : start + at_once])


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("at_once", [2000, 7])
def test_an_import_adds_only_sentences_of_ulx(game: Client, at_once: int, named: bool) -> None:
    """Regression: a day of 12 events gave 5 new ones. `named`: each has an id of its sender's."""
    day = evening()
    if named:
        for number, event in enumerate(day.events):
            event["metadata"]["eventId"] = f"01J{number}"
    play(game, day, at_once)
    before = kinds()
    assert sum(before.values()) == len(day.events)
    said = bring(day.lines)
    assert kinds() - before == Counter(OWN)
    assert said["eventsInserted"] == sum(OWN.values())
    assert said["duplicates"] == said["eventsGenerated"] - sum(OWN.values())
    again = bring(day.lines)
    assert (again["eventsInserted"], kinds()) == (0, before + Counter(OWN))
    counted = make_staff().get("/api/ingest/stats").json
    assert counted["stored"] == sum(kinds().values())
    assert counted["duplicates"] == said["duplicates"] + again["eventsGenerated"]


def test_what_is_sent_after_the_import_is_stored_but_once(game: Client) -> None:
    day = evening()
    bring(day.lines)
    before = kinds()
    play(game, day, 2000)
    live = Counter(event["type"] for event in day.events)
    only_live = Counter(
        {
            "GAME_EVENT": sum(
                event["metadata"].get("eventKind") == "SPAWN" for event in day.events
            ),
        }
    )
    assert kinds() - before == only_live + Counter({"PROP_SPAWN": live["PROP_SPAWN"]})


@pytest.mark.parametrize("seed", range(3))
def test_whatever_was_sent_live_the_import_completes_the_evening(game: Client, seed: int) -> None:
    """Some events were lost on their way, and some had ids of their sender's."""
    day = evening()
    dice = random.Random(seed)
    sent = [event for event in day.events if dice.random() < 0.6]
    for number, event in enumerate(sent):
        if dice.random() < 0.5:
            event["eventId"] = str(number)
    send(game, *sent)
    bring(day.lines)
    hooks_alone = [event for event in day.events if event["metadata"].get("eventKind") == "SPAWN"]
    lost = sum(event not in sent for event in hooks_alone)
    whole = Counter(event["type"] for event in day.events) + Counter(OWN)
    assert kinds() == whole - Counter({"GAME_EVENT": lost})
    assert bring(day.lines)["eventsInserted"] == 0


def spawn(at: str, index: int | None, **more: Any) -> dict[str, Any]:
    said = {"spawnKind": "PROP", "entityClass": "prop_physics", "propModel": MODEL} | more
    said |= {} if index is None else {"entIndex": index}
    return {"type": "PROP_SPAWN", "timestamp": at, "steamId": ANA, "metadata": said}


@pytest.mark.parametrize(("live", "lines", "new"), [(0, 3, 3), (1, 3, 2), (3, 3, 0), (5, 3, 0)])
def test_spawns_are_counted(game: Client, live: int, lines: int, new: int) -> None:
    at = f"{DAY}T20:00:00Z"
    others = [
        spawn(f"{DAY}T20:00:01Z", 1),
        spawn(at, 2, propModel="models/other.mdl"),
        spawn(at, 3, spawnKind="RAGDOLL"),
        spawn(at, 4) | {"steamId": BO},
    ]
    send(game, *others, *[spawn(at, index) for index in range(10, 10 + live)])
    line = f"[20:00:00] Ana<{ANA}> spawned model {MODEL}"
    assert bring([line] * lines)["eventsInserted"] == new
    assert bring([line] * lines)["eventsInserted"] == 0
    assert bring([line] * (lines + 1))["eventsInserted"] == (live < lines + 1)


def test_equal_lines_are_matched_across_parts_of_an_import(
    game: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of five equal lines in parts of two, three are stored: each stands for one line alone."""
    monkeypatch.setattr("functions.logs.text_import.imports._BATCH_SIZE", 2)
    at = f"{DAY}T20:00:00Z"
    send(game, *[spawn(at, index) for index in range(3)])
    assert bring([f"[20:00:00] Ana<{ANA}> spawned model {MODEL}"] * 5)["eventsInserted"] == 2
    named = {"type": "CHAT", "timestamp": at, "steamId": ANA, "metadata": {"message": "hi"}}
    send(game, *[named | {"eventId": str(number)} for number in range(3)])
    assert bring([f"[20:00:00] [CHAT] Ana [{ANA}] [GLOBAL] hi"] * 5)["eventsInserted"] == 2
