"""MiniStack's sockets, made like API Gateway's where they differ and a function can tell.

`emulator.py` runs this with MiniStack's own Python: it imports nothing of the project. What only
the client can tell is the edge's, in `sockets.py`. The differences, and who covers them:

| API Gateway | MiniStack | covered |
|---|---|---|
| answers with the subprotocol that `$connect` chose | with none | here |
| a refused handshake has the status of `$connect` | 403 whatever it is | here |
| handles messages of one socket in parallel | one after the other | here |
| handles events of different sockets in parallel | one worker for all | here |
| logs what functions write | not of sockets | here |
| answers 500 to a handshake whose function died | 403, as if refused | here |
| closes a socket after 10 minutes without a message, and after 2 hours | never | edge |
| closes at a message of over 128 KB, or a frame of over 32 KB | takes any | edge |
| refuses a binary frame with 1003 | takes it as text | edge |
| refuses a post of over 128 KB with 413 | takes any | here |
| delivers what was posted before a socket is closed | may drop it | here |
| a post to a socket that is not open yet is 410 | the same | – |
| cuts messages to clients of over 32 KB into frames | one frame | not: clients do not see it |
| tells a client that its message failed | nothing | not: clients pass over what they do not know |
| finds out late that a socket's other end vanished | at once | not: here nothing vanishes |
| limits handshakes, messages and posts a second | never | not |
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

POST_LIMIT = 128 * 1024
_DRAIN = 1.0  # seconds

Send = Callable[[dict[str, Any]], Awaitable[None]]
# What `$connect` answered in the handshake of this task.
_answered: ContextVar[dict[str, Any] | None] = ContextVar("answered", default=None)
_tasks: set[asyncio.Task[Any]] = set()


def cover(apigateway: Any, runtime: Any, functions: Any) -> None:
    """Replaces what differs in MiniStack's modules of API Gateway and of Lambda."""
    apigateway._invoke_ws_lambda = _invoking(apigateway._invoke_ws_lambda)
    apigateway.handle_websocket = _handling(apigateway.handle_websocket)
    apigateway.handle_connections_api = _managing(apigateway)
    # Nothing but sockets asks for a worker by this name.
    runtime.get_or_create_worker = lambda *args, **kwargs: _Leased(runtime, functions, args, kwargs)


class _Leased:
    """A worker that nobody else has while it works, and whose lines reach the function's log."""

    def __init__(self, runtime: Any, functions: Any, args: Any, kwargs: Any) -> None:
        self._runtime = runtime
        self._functions = functions
        self._args = args
        self._kwargs = kwargs

    def invoke(self, event: Any, request_id: str) -> dict[str, Any]:
        """Has a worker handle an event."""
        worker, _ = self._runtime.acquire_worker(*self._args, **self._kwargs)
        began = time.monotonic()
        try:
            result: dict[str, Any] = worker.invoke(event, request_id)
        except (OSError, RuntimeError, AttributeError) as error:  # it died before it began
            result = {"status": "error", "error": type(error).__name__}
        finally:
            self._runtime.release_worker(worker)
        lines = [result.get("log"), result.get("trace")]
        self._functions._emit_lambda_logs(
            worker.config,
            request_id,
            "\n".join(line for line in lines if line),
            result.get("status") == "error",
            int((time.monotonic() - began) * 1000),
        )
        return result


def _invoking(invoke: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def invoked(*args: Any, **kwargs: Any) -> Any:
        event_type = args[6]
        if event_type == "MESSAGE":  # the next one does not wait for it
            task = asyncio.create_task(_run(invoke(*args, **kwargs)))
            _tasks.add(task)
            task.add_done_callback(_tasks.discard)
            return None
        answer = await invoke(*args, **kwargs)
        if event_type == "CONNECT":
            _answered.set(answer)
        return answer

    return invoked


async def _run(work: Awaitable[Any]) -> None:
    await work


def _handling(handle: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def handled(scope: Any, receive: Any, send: Send, *args: Any, **kwargs: Any) -> None:
        accepted = False

        async def sent(message: dict[str, Any]) -> None:
            nonlocal accepted
            answer = _answered.get() or {}
            if message["type"] == "websocket.accept":
                accepted = True
                message = message | _choose_protocol(answer)
            elif message["type"] == "websocket.close" and not accepted:
                status = int(answer.get("statusCode") or HTTPStatus.INTERNAL_SERVER_ERROR)
                if status >= HTTPStatus.BAD_REQUEST:
                    await _refuse(send, status)
                    return
            await send(message)

        _answered.set(None)
        await handle(scope, receive, sent, *args, **kwargs)

    return handled


def _choose_protocol(answer: dict[str, Any]) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in (answer.get("headers") or {}).items()}
    chosen = headers.get("sec-websocket-protocol")
    return {"subprotocol": chosen} if chosen else {}


async def _refuse(send: Send, status: int) -> None:
    body = json.dumps({"message": HTTPStatus(status).phrase}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def _managing(apigateway: Any) -> Callable[..., Awaitable[Any]]:
    handle = apigateway.handle_connections_api

    async def handled(
        method: str, api_id: str, stage: str, connection_id: str, body: bytes, headers: Any
    ) -> Any:
        if method == "POST" and len(body) > POST_LIMIT:
            answer = json.dumps({"message": "Payload too large"}).encode()
            kind = {"x-amzn-ErrorType": "PayloadTooLargeException"}
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, kind, answer
        if method == "DELETE" and (known := apigateway._ws_connections.get(connection_id)):
            await _drain(known["outbox"])
        return await handle(method, api_id, stage, connection_id, body, headers)

    return handled


async def _drain(outbox: asyncio.Queue[Any]) -> None:
    """Waits until all that was posted is being sent, but not for a client that takes nothing."""
    until = time.monotonic() + _DRAIN
    while not outbox.empty() and time.monotonic() < until:
        await asyncio.sleep(0.01)
