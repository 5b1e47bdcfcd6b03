"""The peer: POST /api/collect with Flask, apig-wsgi and SQLAlchemy 2's ORM, the stack that ours
replaces.

Its tables are those that the stack had, in a schema of their own: serial ids, no rollups, no index
but the keys. One session adds everything and commits once, so that the ORM inserts the rows of a
table by one statement; the pool keeps one connection warm and does not ping it. The key and the
round's id are checked, all else is taken as it comes. Names arrive elsewhere: no Player is written.

Objects are what the ORM is for, and what they cost is measured here. Its way around them, dicts to
`session.execute(insert(Kill), rows)`, takes a little more than half of the time.
"""

from __future__ import annotations

import hmac
import math
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from apig_wsgi import make_lambda_handler
from flask import Flask, jsonify, request
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import ForeignKey, MetaData, String, create_engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

API_KEY = os.environ["API_KEY"].encode()

engine = create_engine(
    "postgresql+psycopg://",
    pool_size=1,
    max_overflow=0,
    connect_args={
        **conninfo_to_dict(os.environ["DATABASE_URL"]),
        "connect_timeout": 2,
        "prepare_threshold": 2,
    },
)
sessions = sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    metadata = MetaData(schema="peer")


class Round(Base):
    __tablename__ = "rounds"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    map_name: Mapped[str | None] = mapped_column(String(128))
    winner: Mapped[str | None] = mapped_column(String(64))
    duration: Mapped[int | None]
    timestamp: Mapped[datetime]


class RoundPlayer(Base):
    __tablename__ = "round_players"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[str] = mapped_column(String(36), ForeignKey(Round.id))
    steam_id: Mapped[str] = mapped_column(String(64))
    role_start: Mapped[str | None] = mapped_column(String(32))
    role_end: Mapped[str | None] = mapped_column(String(32))
    karma_diff: Mapped[int | None]
    points_diff: Mapped[int | None]


class Kill(Base):
    __tablename__ = "kills"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[str] = mapped_column(String(36), ForeignKey(Round.id))
    attacker_steamid: Mapped[str | None] = mapped_column(String(64))
    attacker_role: Mapped[str | None] = mapped_column(String(32))
    victim_steamid: Mapped[str] = mapped_column(String(64))
    victim_role: Mapped[str | None] = mapped_column(String(32))
    weapon: Mapped[str | None] = mapped_column(String(64))
    headshot: Mapped[bool]


class RoundBuy(Base):
    __tablename__ = "round_buys"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[str] = mapped_column(String(36), ForeignKey(Round.id))
    steam_id: Mapped[str] = mapped_column(String(64))
    role: Mapped[str | None] = mapped_column(String(32))
    item: Mapped[str] = mapped_column(String(64))


app = Flask(__name__)


@app.post("/api/collect")
def collect() -> Any:
    sent_key = request.headers.get("X-Api-Key", "")
    if not hmac.compare_digest(sent_key.encode(), API_KEY):
        return jsonify(error="Unauthorized"), 401
    sent = request.get_json(force=True)
    if not sent:
        return jsonify(error="No data provided"), 400
    round_id = sent.get("round_id")
    if not round_id:
        return jsonify(error="Missing round_id"), 400
    try:
        with sessions.begin() as session:
            store(session, round_id, sent)
    except IntegrityError:
        return jsonify(message="Stats already collected", round_id=round_id, duplicate=True)
    return jsonify(message="Stats collected successfully", round_id=round_id), 201


def store(session: Session, round_id: str, sent: dict[str, Any]) -> None:
    session.add(
        Round(
            id=round_id,
            map_name=sent.get("map_name"),
            winner=sent.get("winner"),
            duration=sent.get("duration"),
            timestamp=datetime.now(UTC).replace(tzinfo=None),
        )
    )
    session.flush()  # before what refers to it
    session.add_all(players(round_id, sent))
    session.add_all(
        Kill(
            round_id=round_id,
            attacker_steamid=one.get("attacker_steamid"),
            attacker_role=one.get("attacker_role"),
            victim_steamid=one["victim_steamid"],
            victim_role=one.get("victim_role"),
            weapon=one.get("weapon"),
            headshot=one.get("headshot", False),
        )
        for one in sent.get("kills", [])
    )
    session.add_all(
        RoundBuy(
            round_id=round_id, steam_id=one["steam_id"], role=one.get("role"), item=one["item"]
        )
        for one in sent.get("buys", [])
    )


def players(round_id: str, sent: dict[str, Any]) -> Iterator[RoundPlayer]:
    starts = {one["player_steamid"]: one for one in sent.get("start_roles", [])}
    ends = {one["player_steamid"]: one for one in sent.get("end_roles", [])}
    for person in starts | ends:
        start, end = starts.get(person, {}), ends.get(person, {})
        yield RoundPlayer(
            round_id=round_id,
            steam_id=person,
            role_start=start.get("role"),
            role_end=end.get("role"),
            karma_diff=gain("karma", start, end),
            points_diff=gain("points", start, end),
        )


def gain(what: str, start: dict[str, Any], end: dict[str, Any]) -> int | None:
    if what not in start or what not in end:
        return None
    return math.floor(end[what] - start[what] + 0.5)


handler = make_lambda_handler(app)

if __name__ == "__main__":
    from tests.benchmarks import callee

    Base.metadata.create_all(engine)
    callee.serve(handler)
