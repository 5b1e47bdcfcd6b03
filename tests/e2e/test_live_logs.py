"""No log says a token that a socket was opened with, or refused."""

from __future__ import annotations

import asyncio
import secrets
import time
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.stack import Wire

WRONG = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.d3Jvbmc"


def _register(http: Wire) -> str:
    name = f"quiet{secrets.token_hex(4)}"
    body = {"email": f"{name}@example.com", "password": "copper-kettle-9", "username": name}
    answered = http("POST", "/api/auth/register", body)
    assert answered.status == 201, answered.text
    return str(answered.json["access_token"])


def test_no_log_holds_a_token(stack: Any, http: Wire) -> None:
    token = _register(http)
    headers = {"Authorization": f"Bearer {token}"}
    battle = http("GET", "/api/battles/available", headers=headers).json[0]["id"]
    asyncio.run(asyncio.wait_for(_knock(stack, battle, token), 120))
    until = time.monotonic() + 30
    while "live.refused" not in stack.journal.file.read_text() and time.monotonic() < until:
        time.sleep(0.2)
    written = _read_logs(stack)
    assert "live.refused status=401" in written["stack.log"]
    assert [name for name, text in written.items() if "eyJ" in text] == []


async def _knock(stack: Any, battle: int, token: str) -> None:
    direct = stack.deployed.sockets(stack.cloud)
    shown = {"X-Amz-Security-Token": stack.cloud.token}
    async with aiohttp.ClientSession() as session:
        for path in (f"/ws/battles/{battle}", f"/v1/ws/battles/{battle}"):
            for query, protocols in ((f"?token={token}", ()), ("", (f"bearer.{token}", "other"))):
                async with session.ws_connect(
                    f"{stack.url}{path}{query}", protocols=protocols
                ) as socket:
                    assert socket.protocol == (protocols[0] if protocols else None)
                    await socket.send_json({"type": "nonsense", "token": token})
                    while (await socket.receive_json())["type"] != "error":
                        pass
        for url, given in (
            (f"{stack.url}/ws/battles/{battle}?token={WRONG}", {}),
            (f"{stack.url}/ws/nowhere?token={WRONG}", {}),
            (f"{direct}?battle={battle}&token={WRONG}", shown),
            (f"{direct}?battle={battle}&token={WRONG}", {}),
            (f"{direct}?battle=nothing&token={token}", shown),
        ):
            try:
                await session.ws_connect(url, headers=given, protocols=[f"bearer.{WRONG}"])
            except aiohttp.WSServerHandshakeError:
                continue
            raise AssertionError("a socket was opened that should have been refused")


def _read_logs(stack: Any) -> dict[str, str]:
    """All that the stack has written, by file, and what the functions said."""
    home = Path(stack.journal.file).parent
    return {file.name: file.read_text(errors="replace") for file in home.glob("*.log")}
