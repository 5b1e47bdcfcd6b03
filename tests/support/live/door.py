"""Events of the gateway, as the live function gets them."""

from __future__ import annotations

from typing import Any

from functions.live import handlers
from tests.support.live.gateway import Gateway


def connect(
    name: str, query: dict[str, str], headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """What `$connect` answers."""
    return handlers.sockets(
        {
            "requestContext": {
                "eventType": "CONNECT",
                "routeKey": "$connect",
                "connectionId": name,
            },
            "queryStringParameters": query,
            "multiValueQueryStringParameters": {key: [value] for key, value in query.items()},
            "headers": headers or {},
        },
        None,
    )


def open_socket(
    cloud: Gateway, left: list[dict[str, Any]], name: str, query: dict[str, str]
) -> None:
    """Opens a socket and has it greeted."""
    assert connect(name, query)["statusCode"] == 200
    cloud.open.add(name)
    assert left.pop() == {"work": "welcome", "connection_id": name}
    handlers.sockets({"work": "welcome", "connection_id": name}, None)


def send(name: str, text: str) -> dict[str, Any]:
    """What a message of a client is answered by the function, beside what it posts."""
    context = {"eventType": "MESSAGE", "routeKey": "$default", "connectionId": name}
    return handlers.sockets({"requestContext": context, "body": text}, None)


def disconnect(name: str) -> dict[str, Any]:
    """What the goodbye of a socket is answered."""
    context = {"eventType": "DISCONNECT", "routeKey": "$disconnect", "connectionId": name}
    return handlers.sockets({"requestContext": context}, None)
