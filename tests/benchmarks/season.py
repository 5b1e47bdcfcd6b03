"""Two years of Trouble in Terrorist Town to measure statistics on: four servers, 50,000 people.

The rounds are those of the demo's generator, stored by COPY as `functions/ttt/rounds.py` would have
stored them: `check` holds the one against the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from functions.shared import db
from functions.ttt import rounds
from functions.ttt.round_report import RoundReport
from infra.demo.season import Played, Season

_SEASON = Season(20_260_101, players=50_000, servers=4, size=(16, 16), kills_per_round=30)
_ROUNDS = 340_000  # a little more than 10 million kills
_DAYS = timedelta(days=730)
_AT_ONCE = 1000  # rounds that are committed together
_COLUMNS = {
    "rounds": "id, occurred_at, ended_at, server, map_name, winner, winner_raw, duration, players,"
    " kills, buys, received_at",
    "players": "occurred_at, round_id, steam_id, role_start, role_end, karma_diff, points_diff,"
    " map_name, server, winner, duration",
    "kills": "occurred_at, round_id, ordinal, attacker_steamid, attacker_role, victim_steamid,"
    " victim_role, weapon, headshot, map_name, server",
    "buys": "occurred_at, round_id, ordinal, steam_id, role, item, map_name, server",
}
_NULL = "\\N"


class Batch(NamedTuple):
    """Rounds as COPY takes them, a text a table, and how many kills are in them."""

    kills: int
    texts: dict[str, str]


def evening(until: datetime, count: int) -> Iterator[dict[str, Any]]:
    """The bodies of as many other rounds, of the two hours before a moment."""
    for played in _SEASON.rounds(count, until - timedelta(hours=2), until):
        yield played.body


def names(admin: db.Connection, until: datetime) -> None:
    """Everybody has had one name during the two years."""
    since = until - _DAYS
    into = "ttt.names (steam_id, valid_from, display_name, last_seen)"
    with admin.cursor() as cursor, cursor.copy(f"copy {into} from stdin") as copy:
        for steam_id, name in _SEASON.names():
            copy.write_row((steam_id, since, name, since))


@contextmanager
def batches(until: datetime) -> Iterator[Iterator[Batch]]:
    """The rounds of the two years until then, in order of time, made by a process of its own."""
    ours, theirs = Pipe(duplex=False)
    maker = Process(target=_make, args=(ours, theirs, until), daemon=True)
    maker.start()
    theirs.close()
    try:
        yield iter(ours.recv, None)
    finally:
        maker.terminate()
        maker.join()


def load(admin: db.Connection, made: Iterable[Batch], kills: int) -> int:
    """Copies batches until as many kills are there; returns how many."""
    loaded = 0
    admin.execute("set synchronous_commit = off")  # not what is measured
    for batch in made:
        with admin.transaction(), admin.cursor() as cursor:
            _copy(cursor, batch)
        loaded += batch.kills
        if loaded >= kills:
            break
    admin.execute("reset synchronous_commit")
    return loaded


def check(until: datetime) -> None:
    """200 rounds copied are 200 rounds recorded, but for the time of receipt; leaves nothing."""
    sample = list(_SEASON.rounds(200, until - _DAYS, until))
    with closing(db.connection()) as connection:
        with connection.transaction(force_rollback=True):
            _copy(connection.cursor(), _batch(sample))
            copied = _stored(connection)
        with connection.transaction(force_rollback=True):
            for played in sample:
                rounds.record(RoundReport.model_validate(played.body), _server(played))
            recorded = _stored(connection)
    assert len(copied["rounds"]) == 200
    assert copied == recorded


def _stored(connection: db.Connection) -> dict[str, list[db.Row]]:
    return {
        table: connection.execute(
            f"select {columns.removesuffix(', received_at')} from ttt.{table} order by 1, 2, 3"
        ).fetchall()
        for table, columns in _COLUMNS.items()
    }


def _make(back: Connection, to: Connection, until: datetime) -> None:
    back.close()  # so that sending fails when nobody is there any more
    played = _SEASON.rounds(_ROUNDS, until - _DAYS, until)
    while some := list(islice(played, _AT_ONCE)):
        to.send(_batch(some))
    to.send(None)


def _copy(cursor: Any, batch: Batch) -> None:
    for table, columns in _COLUMNS.items():
        with cursor.copy(f"copy ttt.{table} ({columns}) from stdin") as copy:
            copy.write(batch.texts[table])


def _batch(some: Iterable[Played]) -> Batch:
    lines: dict[str, list[str]] = {table: [] for table in _COLUMNS}
    for played in some:
        for table, rows in _rows(played).items():
            lines[table] += rows
    texts = {table: "".join(rows) for table, rows in lines.items()}
    return Batch(len(lines["kills"]), texts)


def _rows(played: Played) -> dict[str, list[str]]:
    """The lines of one round."""
    sent = RoundReport.model_validate(played.body)
    content, server = sent.content, _server(played)
    at, map_name = str(sent.ended_at), sent.map_name or _NULL
    duration = _NULL if sent.duration is None else sent.duration
    people, deaths, buys = (json.loads(content[name]) for name in ("players", "kills", "buys"))
    texts = "\t".join(content[name].replace("\\", "\\\\") for name in ("players", "kills", "buys"))
    key, where = f"{at}\t{sent.round_id}\t", f"\t{map_name}\t{server}"
    return {
        "rounds": [
            f"{sent.round_id}\t{at}\t{at}\t{server}\t{map_name}\t{sent.normalised_winner}\t{sent.winner}"
            f"\t{duration}\t{texts}\t{at}\n"
        ],
        "players": [
            f"{key}{one['steam_id']}\t{_role(one['role_start'])}\t{_role(one['role_end'])}"
            f"\t{_number(one['karma_diff'])}\t{_number(one['points_diff'])}{where}"
            f"\t{sent.normalised_winner}\t{duration}\n"
            for one in people
        ],
        "kills": [
            f"{key}{at}\t{one['attacker_steamid'] or _NULL}\t{_role(one['attacker_role'])}"
            f"\t{one['victim_steamid']}\t{_role(one['victim_role'])}\t{one['weapon'] or _NULL}"
            f"\t{one['headshot']}{where}\n"
            for at, one in enumerate(deaths)
        ],
        "buys": [
            f"{key}{at}\t{one['steam_id']}\t{_role(one['role'])}\t{one['item']}{where}\n"
            for at, one in enumerate(buys)
        ],
    }


def _server(played: Played) -> str:
    return f"server-{played.server + 1}"


@cache
def _role(sent: str | None) -> str:
    return (sent or "").strip().lower() or _NULL


def _number(sent: int | None) -> int | str:
    return _NULL if sent is None else sent
