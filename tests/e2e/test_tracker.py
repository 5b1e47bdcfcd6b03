"""The 40K tracker over the deployed stack: the contract's worked session, sockets, and races."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import boto3
import psycopg
import pytest

from functions.shared import db
from infra.demo import cup as demo
from tests.support.armies import ARMY
from tests.support.client import Client
from tests.support.cups import CUP, expect, make_cup, make_person
from tests.support.game import at_once
from tests.support.live import wire
from tests.support.live.wire import Frame, Tap, Taps
from tests.support.online import beside
from tests.support.online_tracker import (
    Remote,
    go_remote,
    hold_online,
    take_online,
    tracker_beside,
    watch,
)
from tests.support.stack import Database, Wire, until
from tests.support.tracker import check_error
from tests.support.tracker_battles import BATTLE, Duel, act, done, make_duel

ROOT = Path(__file__).parent.parent.parent
PASSWORD = "nine lantern rows"


@pytest.fixture(autouse=True)
def store(database: Database, setting: Callable[..., None]) -> Iterator[None]:
    """This process makes users and reads what is stored beside the stack."""
    with beside(database.server.app_url, setting), tracker_beside():
        yield


@pytest.fixture
def sockets(stack: Any) -> Iterator[Taps]:
    with wire.taps(stack.url) as opener:
        yield opener


def sign_up(http: Wire, name: str) -> tuple[Remote, dict[str, Any]]:
    """Somebody who registers over HTTP, and the answer."""
    unique = f"{name}-{secrets.token_hex(4)}"
    body = {"username": unique, "email": f"{unique}@example.net", "password": PASSWORD}
    answered = http("POST", "/v1/auth/register", body | {"display_name": name.title()})
    session = expect(answered, 201)
    assert (session["token_type"], session["expires_in"]) == ("Bearer", 3600)
    return Remote({"Authorization": f"Bearer {session['access_token']}"}, url=http.url), session


def list_events(frames: list[Frame]) -> list[tuple[int, str]]:
    """Number and type of the events among some messages."""
    own = ("connected", "pong", "snapshot", "resumed", "ack")
    return [(one["seq"], one["type"]) for one in frames if "seq" in one and one["type"] not in own]


# --- the worked session ---


def test_the_worked_session_of_a_battle(http: Wire, sockets: Taps) -> None:
    (mira, session), (nils, other) = sign_up(http, "mira"), sign_up(http, "nils")
    mira_id, nils_id = session["user"]["id"], other["user"]["id"]
    assert (session["user"]["role"], session["user"]["total_battles"]) == ("player", 0)
    armies = []
    for who in (mira, nils):
        key = who.headers | {"Idempotency-Key": "a-1"}
        first, again = (who.post("/v1/armies", ARMY, headers=key) for _ in range(2))
        army = expect(first, 201)["army"]
        assert (army["units_total"], army["list_complete"], army["version"]) == (85, False, 1)
        assert expect(again, 201)["army"]["id"] == army["id"]
        assert again.headers["idempotency-replayed"] == "true"
        armies.append(army["id"])
    duel = Duel(mira, nils, mira_id, nils_id, (armies[0], armies[1]))
    battle = duel.make()
    assert (battle["status"], battle["version"]) == ("setup", 1)
    assert battle["current_turn"]["time_remaining"] == BATTLE["turn_time_limit"]
    url = f"/v1/battles/{battle['id']}"
    scores = {"primary": 5, "secondary": 4}
    scored = act(mira, battle, "update_scores", player_id=mira_id, scores=scores)
    assert (done(scored)["status"], scored.headers["etag"]) == ("in_progress", '"3"')
    ticket = expect(mira.post(f"{url}/ws-ticket", {}), 201)["ticket"]
    tap = sockets.open(f"/v1/ws/battles/{battle['id']}?ticket={ticket}")
    connected = tap.wait_for("connected")
    assert (connected["role"], connected["seq"], connected["ping_every"]) == ("player", 3, 240)
    body = {"action": "advance_phase", "player_id": mira_id, "phase": "shooting"}
    tap.say({"type": "command", "ref": "c1", "body": body})
    ack = tap.wait_for("ack")
    assert (ack["ref"], ack["seq"], ack["version"]) == ("c1", 4, 4)
    [update] = tap.of("timer_update")
    assert (update["seq"], update["cause"], update["current_turn"]["phase"]) == (
        *(4, "phase"),
        "shooting",
    )
    stale = nils.headers | {"If-Match": '"3"'}
    body = {"action": "use_stratagem", "player_id": nils_id, "stratagem": "Smokescreen"}
    refused = nils.patch(url, body, headers=stale)
    check_error(refused, 409, "VERSION_CONFLICT", current_version=4)
    assert refused.json["error"]["details"]["battle"]["version"] == 4
    totals = {mira_id: {"victory_points": 71}, nils_id: {"victory_points": 64}}
    ended = done(mira.post(f"{url}/complete", {"final_scores": totals}))
    assert (ended["winner_id"], ended["result_type"], ended["version"]) == (mira_id, "score", 5)
    told = tap.wait_for("battle_complete")
    assert (told["seq"], told["winner_id"]) == (5, mira_id)
    assert told["final_scores"][nils_id]["victory_points"] == 64
    late = act(mira, battle, "update_scores", player_id=mira_id, scores=scores)
    check_error(late, 409, "INVALID_BATTLE_STATE", status="completed", allowed=["reopen"])
    assert mira.get("/v1/auth/profile").json["user"]["total_battles"] == 1


def test_a_refresh_token_that_was_used_ends_the_session(http: Wire) -> None:
    _, session = sign_up(http, "mira")
    sent = {"refresh_token": session["refresh_token"]}
    newest = expect(http("POST", "/v1/auth/refresh", sent), 200)
    used = http("POST", "/v1/auth/refresh", sent)
    check_error(used, 403, "INVALID_REFRESH_TOKEN", reason="reused")
    sent = {"refresh_token": newest["refresh_token"]}
    check_error(http("POST", "/v1/auth/refresh", sent), 403, "INVALID_REFRESH_TOKEN")
    dead = Remote({"Authorization": f"Bearer {newest['access_token']}"}, url=http.url)
    check_error(dead.get("/v1/armies"), 401, "UNAUTHORIZED", reason="revoked")


def test_the_worked_session_of_an_organiser(http: Wire) -> None:
    rules = {"points_limit": 1000, "time_limit": 1200}
    cup = hold_online(make_cup(8, entry_fee=12.5, rules=rules), http)
    event = cup.get()
    assert (event["status"], event["prize_pool"], event["tables"]) == (
        *("registration", 100.0),
        [1, 2, 3, 4],
    )
    assert event["end_date"] == "2027-03-06T17:00:00.000Z"
    again = cup.players["A"].post(f"{cup.url}/register", {"army_id": cup.armies["A"]})
    assert (again.status, again.json["participant"]["seed"]) == (200, 1)
    cup.recruit("I")
    ninth = go_remote(cup.players["I"], http)
    refused = ninth.post(f"{cup.url}/register", {"army_id": cup.armies["I"]})
    seats = {"max_participants": 8, "current_participants": 8}
    check_error(refused, 409, "TOURNAMENT_FULL", **seats)
    first, second = cup.pair(), cup.pair()
    assert cup.list_pairs() == ["A-E", "B-F", "C-G", "D-H"]
    assert [one["table_number"] for one in cup.get()["rounds"][0]["pairings"]] == [1, 2, 3, 4]
    assert second == first
    cup.play("A 80-60 E", "B 70-65 F", "D 66-60 H")
    missing = {"battle_id": cup.find_battle("C-G")["battle_id"], "table_number": 3}
    refused = cup.organiser.post(f"{cup.url}/next-round")
    check_error(refused, 409, "ROUND_INCOMPLETE", round=1, missing=[missing])
    cup.play("C 90-10 G")
    expect(cup.organiser.post(f"{cup.url}/next-round"), 200)
    rows = cup.rank(round=1)
    assert [row["letter"] for row in rows][:1] == ["C"]
    assert all(row["explain"]["text"] for row in rows)


def test_only_who_organises_makes_events(http: Wire) -> None:
    player, session = sign_up(http, "otto")
    check_error(player.post("/v1/tournaments", CUP), 403, "FORBIDDEN")
    role = "update accounts.users set role = 'organizer' where username = %s"
    db.query(role, (session["user"]["username"],))
    event = expect(player.post("/v1/tournaments", CUP), 201)["tournament"]
    assert event["organizer_id"] == session["user"]["id"]


# --- sockets ---


@pytest.mark.parametrize(
    "form", ["seed", "v1 token", "v1 bearer", "v1 protocol", "header", "ticket", "ticket's own"]
)
def test_every_form_opens(http: Wire, sockets: Taps, form: str) -> None:
    duel = make_duel_online(http)
    mira, battle = duel.mira, duel.make()["id"]
    token = mira.headers["Authorization"].removeprefix("Bearer ")
    path, bearer = f"/v1/ws/battles/{battle}", f"bearer.{token}"
    subprotocol = None
    if form == "seed":
        tap = sockets.open(f"/ws/battles/{battle}?token={token}")
    elif form == "v1 token":
        tap = sockets.open(f"{path}/?token={token}")
    elif form == "v1 bearer":
        tap, subprotocol = sockets.open(path, "other", bearer), bearer
    elif form == "v1 protocol":
        tap, subprotocol = sockets.open(path, bearer, "tracker.v1"), "tracker.v1"
    elif form == "header":
        tap = sockets.open(path, Authorization=f"Bearer {token}")
    else:
        given = expect(mira.post(f"/v1/battles/{battle}/ws-ticket"), 201)
        own = f"{path}?ticket={given['ticket']}"
        assert given["expires_in"] == 30
        if form != "ticket":
            assert given["url"] == http.url.replace("http", "ws", 1) + own
        tap = sockets.open(own)
        assert sockets.knock(own) == 401
    assert tap.connection.subprotocol == subprotocol
    connected = tap.wait_for("connected")
    assert (connected["battle_id"], connected["role"], connected["seq"]) == (battle, "player", 1)


def make_duel_online(http: Wire) -> Duel:
    """Two new players over HTTP, who each have an army."""
    duel = make_duel(secrets.token_hex(4))
    mira, nils = take_online(duel, http)
    return duel._replace(mira=mira, nils=nils)


def open_tap(sockets: Taps, who: Client, battle: str, more: str = "") -> Tap:
    assert isinstance(who, Remote)
    return watch(sockets, who, battle, more)


def test_the_gateways_own_address_opens_too(stack: Any, http: Wire) -> None:
    duel = make_duel_online(http)
    mira, battle = duel.mira, duel.make()["id"]
    token = mira.headers["Authorization"].removeprefix("Bearer ")
    ticket = expect(mira.post(f"/v1/battles/{battle}/ws-ticket"), 201)["ticket"]
    shown = {"X-Amz-Security-Token": stack.cloud.token}
    with wire.taps(stack.deployed.sockets(stack.cloud)) as native:
        for query, protocols in (
            (f"?tracker={battle}&token={token}", ()),
            (f"?tracker={battle}", (f"bearer.{token}",)),
            (f"?tracker={battle}&ticket={ticket}", ()),
        ):
            tap = native.open(query, *protocols, **shown)
            assert tap.wait_for("connected")["battle_id"] == battle
            assert tap.connection.subprotocol == (protocols[0] if protocols else None)
        assert native.knock(f"?tracker={battle}&token=x", **shown) == 401
        assert native.knock(f"?tracker=btl_00000000&token={token}", **shown) == 404


def test_who_may_not_watch_is_refused_and_spectators_do_not_play(http: Wire, sockets: Taps) -> None:
    duel = make_duel_online(http)
    guest, _ = sign_up(http, "guest")
    shown, hidden = duel.make()["id"], duel.make(visibility="private")["id"]
    assert sockets.knock(f"/v1/ws/battles/{hidden}?token={guest.token}") in (403, 404)
    assert sockets.knock(f"/v1/ws/battles/{shown}?token=x") == 401
    assert sockets.knock(f"/v1/ws/battles/{shown}") == 401
    tap = open_tap(sockets, guest, shown)
    assert tap.of("connected")[0]["role"] == "spectator"
    body = {"action": "start"}
    tap.say({"type": "command", "ref": "g", "body": body})
    error = tap.wait_for("error")
    assert (error["code"], error["ref"], error["closing"]) == ("FORBIDDEN", "g", False)
    done(duel.mira.patch(f"/v1/battles/{shown}", body))
    assert tap.wait_for("timer_update")["seq"] == 2


def test_a_command_with_the_same_ref_is_done_once(http: Wire, sockets: Taps) -> None:
    duel = make_duel_online(http)
    battle = duel.make()["id"]
    tap, other = (open_tap(sockets, who, battle) for who in (duel.mira, duel.nils))
    said = {"type": "command", "ref": "once", "body": {"action": "advance_round"}}
    for _ in range(2):
        tap.say(said)
    tap.wait_for("ack", 2)
    tap.cut()
    back = open_tap(sockets, duel.mira, battle)
    back.say(said)
    acks = [*tap.of("ack"), back.wait_for("ack")]
    assert {(one["ref"], one["seq"]) for one in acks} == {("once", 3)}
    read = duel.mira.get(f"/v1/battles/{battle}").json["battle"]
    assert (read["current_round"], read["version"]) == (2, 3)
    other.say({"type": "command", "ref": "o", "body": {"action": "start"}, "if_version": 2})
    error = other.wait_for("error")
    assert (error["code"], error["ref"]) == ("VERSION_CONFLICT", "o")
    assert list_events(other.frames) == [(2, "timer_update"), (3, "round_advance")]


def test_who_was_cut_resumes_where_they_were(http: Wire, sockets: Taps) -> None:
    duel = make_duel_online(http)
    battle = duel.make()
    tap, other = (open_tap(sockets, who, battle["id"]) for who in (duel.mira, duel.nils))
    done(act(duel.mira, battle, "start"))
    tap.wait_for("timer_update")
    tap.cut()
    other.wait_for("player_disconnected", player_id=duel.mira_id)
    for points in range(1, 6):
        scores = {"primary": points}
        done(act(duel.nils, battle, "update_scores", player_id=duel.nils_id, scores=scores))
    missed = [(seq, "score_update") for seq in range(3, 8)]
    for type_ in ("hello", "resume"):
        back = open_tap(sockets, duel.mira, battle["id"])
        epoch = back.of("connected")[0]["epoch"]
        back.say({"type": type_, "last_seq": 2, "epoch": epoch})
        resumed = back.wait_for("resumed")
        assert list_events(back.frames) == missed
        assert (resumed["from_seq"], resumed["to_seq"]) in ((3, 7), (2, 7))
    by_address = open_tap(sockets, duel.mira, battle["id"], f"last_seq=2&epoch={epoch}")
    by_address.wait_for("resumed")
    assert list_events(by_address.frames) == missed
    back.say({"type": "resume", "last_seq": 2, "epoch": "another"})
    snapshot = back.wait_for("snapshot")
    assert (snapshot["reason"], snapshot["seq"]) == ("epoch", 7)
    other.wait_for("player_connected", player_id=duel.mira_id)


def sweep(stack: Any) -> None:
    """Has the schedule's function run now."""
    functions = boto3.client("lambda", **stack.cloud.access)
    [name] = [
        one["FunctionName"]
        for one in functions.list_functions()["Functions"]
        if "LiveSweepFunction" in one["FunctionName"]
    ]
    answer = functions.invoke(FunctionName=name, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def test_a_battle_from_two_phones_and_a_screen(stack: Any, http: Wire, sockets: Taps) -> None:
    """Also a turn that is over while nobody looks."""
    duel = make_duel_online(http)
    battle = duel.make(turn_timeout="pass")["id"]
    url = f"/v1/battles/{battle}"
    phone = open_tap(sockets, duel.mira, battle)
    ticket = duel.nils.post(f"{url}/ws-ticket").json["ticket"]
    screen = sockets.open(f"/ws/battles/{battle}?ticket={ticket}")
    assert screen.wait_for("connected")["role"] == "player"
    body = {"action": "update_scores", "player_id": duel.nils_id, "scores": {"primary": 5}}
    scored = duel.nils.patch(url, body)
    assert (scored.status, scored.headers["etag"]) == (200, '"3"'), scored.text
    for tap in (phone, screen):
        assert tap.wait_for("timer_update")["seq"] == 2
        assert tap.wait_for("score_update")["scores"]["victory_points"] == 5
    said = {"action": "advance_phase", "player_id": duel.mira_id}
    phone.say({"type": "command", "ref": "c1", "body": said})
    assert phone.wait_for("ack")["version"] == 4
    assert screen.wait_for("timer_update", cause="phase")["seq"] == 4
    # Time passes: nobody looks, and the sweep ends the turn.
    db.query(
        """
        update tracker.battles
        set state = jsonb_set(
            state, '{turn,running_since}', to_jsonb(shared.iso_time(now() - interval '2000 s'))
          ),
          due_at = now() - interval '800 s'
        where id = %s
        """,
        (battle,),
    )
    sweep(stack)
    assert screen.wait_for("timer_update", cause="timeout")["seq"] == 5
    ended = duel.mira.post(f"{url}/complete")
    assert done(ended)["winner_id"] == duel.nils_id
    for tap in (phone, screen):
        assert tap.wait_for("battle_complete")["winner_id"] == duel.nils_id
    events = duel.nils.get(f"{url}/events").json["data"]
    assert [one["source"] for one in events] == ["rest", "rest", "rest", "ws", "system", "rest"]
    assert http("GET", "/v1/health").json == {"status": "healthy"}
    unknown = http("GET", "/v1/battles/btl_00000000/nothing")
    assert (unknown.status, unknown.json["error"]["code"]) == (404, "NOT_FOUND")


# --- at the same moment ---


def test_two_complete_one_battle_at_once(http: Wire, sockets: Taps) -> None:
    duel = make_duel_online(http)
    battle = duel.make()
    tap = open_tap(sockets, duel.mira, battle["id"])
    url, people = f"/v1/battles/{battle['id']}", (duel.mira, duel.nils)
    body = {"final_scores": {duel.mira_id: {"victory_points": 71}}}
    answers = at_once(2, lambda number: people[number].post(f"{url}/complete", body))
    ended, refused = sorted(answers, key=lambda one: one.status)
    assert done(ended)["version"] == 3
    check_error(refused, 409, "INVALID_BATTLE_STATE", status="completed", action="complete")
    assert refused.json["error"]["details"]["battle"]["winner_id"] == duel.mira_id
    tap.wait_for("battle_complete")
    tap.ping()
    assert list_events(tap.frames) == [(2, "timer_update"), (3, "battle_complete")]
    for who in people:
        assert who.get("/v1/auth/profile").json["user"]["total_battles"] == 1


@pytest.mark.parametrize("waits", [False, True])
def test_200_register_at_once_for_32_seats(http: Wire, waits: bool) -> None:
    cup = make_cup(max_participants=32)
    names = [f"P{number}" for number in range(200)]
    for name in names:
        cup.recruit(name)
    cup = hold_online(cup, http)
    more = {"join_waitlist": True} if waits else {}

    def register(number: int) -> Any:
        name = names[number]
        return cup.players[name].post(f"{cup.url}/register", {"army_id": cup.armies[name]} | more)

    answers = at_once(200, register)
    statuses = Counter(one.status for one in answers)
    event = cup.get()
    assert event["current_participants"] == 32
    if not waits:
        assert statuses == {201: 32, 409: 168}
        codes = {one.json["error"]["code"] for one in answers if one.status == 409}
        assert codes == {"TOURNAMENT_FULL"}
        return
    assert statuses == {201: 200}
    seated = [one.json["participant"] for one in answers]
    assert Counter(one["status"] for one in seated) == {"confirmed": 32, "waitlisted": 168}
    assert event["waitlist_count"] == 168
    places = [one["waitlist_position"] for one in seated if one["status"] == "waitlisted"]
    assert sorted(places) == list(range(1, 169))


def test_20_parallel_calls_pair_one_round(http: Wire, database: Database) -> None:
    """At least four wait for the tournament at one moment: this process holds it until then."""
    cup = hold_online(make_cup(8, rules={"first_round": "random"}), http)
    assert {one.status for one in at_once(8, lambda _: cup.organiser.get(cup.url))} == {200}
    path = f"{cup.url}/generate-pairings"
    waiting = """
        select count(*)
        from pg_stat_activity
        where datname = current_database()
          and wait_event_type = 'Lock'
        """
    with (
        psycopg.connect(database.server.app_url) as holder,
        ThreadPoolExecutor(1) as pool,
    ):
        holder.execute("select 1 from tracker.tournaments where id = %s for update", (cup.id,))
        calls = pool.submit(at_once, 20, lambda _: cup.organiser.post(path))
        try:
            until(9, lambda: int(str(db.fetch_value(waiting))) >= 4)
        finally:
            holder.rollback()
        bodies = [expect(one, 200) for one in calls.result()]
    assert len(bodies) == 20
    assert all(one == bodies[0] for one in bodies)
    [round_] = cup.get()["rounds"]
    assert round_["round_number"] == 1
    assert len(round_["pairings"]) == 4
    made = "select count(*) from tracker.battles where tournament_id = %s"
    assert db.fetch_value(made, (cup.id,)) == 4


def test_a_result_is_corrected_while_the_next_round_is_paired(http: Wire) -> None:
    """Whichever was first: who is paired by the old result is told that the round is stale."""
    cup = hold_online(make_cup(8), http)
    cup.play_round("A 85-40 E", "F 71-62 B", "C 90-55 G", "D 66-66 H")
    calls = [
        lambda: cup.organiser.post(f"{cup.url}/generate-pairings"),
        lambda: cup.enter("H 70-66 D", 1, reason="Misread sheet"),
    ]
    for answered in at_once(2, lambda number: calls[number]()):
        assert answered.status == 200, answered.text
    assert cup.order(round=1) == "CAFHDBGE"
    stale = cup.get()["rounds"][1]["stale"]
    before = cup.list_pairs(2)
    cup.pair(regenerate=True)
    after = cup.list_pairs(2)
    assert {"".join(sorted(pair)) for pair in after} == {"-AC", "-FH", "-BD", "-EG"}
    assert stale == (before != after)
    assert not cup.get()["rounds"][1]["stale"]


# --- to the final ---


@pytest.mark.parametrize(
    ("kind", "players", "games"), [("single", 5, 4), ("double", 6, 10)], ids=str
)
def test_an_elimination_is_played_to_its_final(
    http: Wire, sockets: Taps, kind: str, players: int, games: int
) -> None:
    """Players complete their own battles; the better seed wins."""
    cup = hold_online(make_cup(players, format=f"{kind}_elimination"), http)
    played: list[str] = []
    while cup.organiser.post(f"{cup.url}/next-round").status == 200:
        for pair in [one for one in cup.list_pairs() if "-" in one]:
            better, worse = sorted(pair.split("-"))
            battle = cup.find_battle(pair)["battle_id"]
            tap = open_tap(sockets, cup.players[worse], battle)
            totals = {cup.ids[better]: {"victory_points": 80}, cup.ids[worse]: {"primary": 9}}
            body = {"final_scores": totals}
            done(cup.players[better].post(f"/v1/battles/{battle}/complete", body))
            assert tap.wait_for("battle_complete")["winner_id"] == cup.ids[better]
            tap.close()
            played.append(pair)
    assert len(played) == games
    lost = Counter(max(pair.split("-")) for pair in played)
    limit = 1 if kind == "single" else 2
    assert lost == dict.fromkeys(ascii_uppercase[1:players], limit)
    finished = expect(cup.organiser.post(f"{cup.url}/finish"), 200)
    assert finished["tournament"]["champion_id"] == cup.ids["A"]
    assert finished["tournament"]["status"] == "completed"
    assert cup.order()[:2] == "AB"
    assert cup.players["A"].get("/v1/auth/profile").json["user"]["tournament_wins"] == 1


# --- the demo ---


@pytest.mark.timeout(600)
def test_the_demo_plays_an_event_with_cuts_and_a_correction(
    stack: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    organiser, _ = make_person(f"organiser-{secrets.token_hex(4)}", "organizer")
    monkeypatch.setenv("ORGANIZER_TOKEN", organiser.headers["Authorization"].split()[1])
    for _ in range(2):  # the second time they log in
        demo.main(stack.url, "the key of the stack", seed=1)
        told = capsys.readouterr().out
        lost = "phone lost its connection after event 8; it is back, and was sent the 3"
        assert told.count(lost) == 2
        assert told.count("Corrected: ") == 1
        assert "\nPlaces: " in told
        for number in range(1, 4):
            assert f"\nRound {number} is paired: no rematches" in told
            assert f"Results of round {number}\n" in told
        standings = told.partition("Standings of Lantern Cup")[2].splitlines()[2:14]
        assert [line.split()[0] for line in standings] == [str(rank) for rank in range(1, 13)]
        assert standings[0].endswith("Nobody stands above.")
        assert all("Decided by " in line for line in standings[1:])
        [played] = re.findall(r"/v1/tournaments/(trn_\w+)/standings", told)
        status = "select status from tracker.tournaments where id = %s"
        assert db.fetch_value(status, (played,)) == "completed"
        [finals] = re.findall(r"/v1/tournaments/(trn_\w+)/rounds is the bracket", told)
        assert db.fetch_value(status, (finals,)) == "completed"
        best = {line.split()[6] for line in standings[:8]}
        [quarters] = re.findall(r"^Quarter-finals: (.+)$", told, re.MULTILINE)
        assert {*re.findall(r"[A-Z]\w+", quarters)} == best
        [winner] = re.findall(r"^(\w+) wins Lantern Cup \d+ finals\.$", told, re.MULTILINE)
        assert winner in best
