"""What tests of the panel start from: a server with its key, and somebody of the staff."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from functions.logs.servers import keys
from functions.shared import auth, db
from tests.support.client import Client

SERVER = "srv_01"
NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.date()


def make_server(server_id: str = SERVER, mode: str = "Sandbox") -> Client:
    """A server's row, and the caller with its key."""
    db.query(
        """
        insert into logs.servers (id, name, ip, port, mode, max_players)
        values (%s, 'Harbour', '198.51.100.1', 27015, %s, 32)
        """,
        (server_id, mode),
    )
    return Client({"X-Server-Key": keys.issue(server_id, "Rita")["apiKey"]})


def make_staff(name: str = "Rita", scope: str = "staff") -> Client:
    """Somebody of the staff, with a bearer token."""
    return Client({"Authorization": f"Bearer {auth.issue(name, [scope])}"})


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def connect(steam_id: str, ip: Any, moment: datetime = NOW, **more: Any) -> dict[str, Any]:
    """A CONNECT as a hook sends it."""
    details = {"ip": ip} | more.pop("metadata", {})
    sent = {"type": "CONNECT", "timestamp": stamp(moment), "steamId": steam_id}
    return {**sent, "playerName": f"player {steam_id[-3:]}", "metadata": details, **more}


def say(text: str, at: datetime = NOW, who: str = "STEAM_0:1:12", **more: Any) -> dict[str, Any]:
    """A CHAT as a hook sends it."""
    sent = {"type": "CHAT", "timestamp": stamp(at), "steamId": who, "playerName": "Ana"}
    return {**sent, "rawText": text, "metadata": {"message": text}, **more}


def send(server: Client, *events: dict[str, Any]) -> Any:
    """The answer to a batch, of which nothing is refused."""
    answered = server.post("/api/ingest/logs", {"events": list(events)})
    assert answered.status == 200, answered.text
    assert answered.json["rejected"] == 0, answered.text
    return answered.json


def ingest(key: str) -> int:
    """How a batch is answered that is sent with this key."""
    events = [{"type": "CHAT", "metadata": {"message": "hi"}}]
    return Client().post("/api/ingest/logs", events, headers={"X-Server-Key": key}).status


def ago(**since: float) -> datetime:
    return NOW - timedelta(**since)
