"""MiniStack as the local stack needs it: closed to strangers, with queues that outlive it.

`parent_watch.py` runs this file with MiniStack's own Python: it imports nothing of the project.
MiniStack's own persistence would not do: it writes once, at a shutdown that a killed stack never
reaches, and brings queues back under names that the next deployment no longer uses.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import secrets
import threading
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

QUEUES = "TILTYARD_QUEUES"  # the variable that names the folder of the queues
TOKEN = b"x-amz-security-token"
READY = "/_ministack/ready"
_PAUSE = 0.25

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class Keeper:
    """A file for each message of each queue, from before its sender is answered until it is gone.

    A message that was delivered in the last moment may come again: what drains it may be repeated.
    """

    def __init__(self, folder: Path, sqs: Any) -> None:
        self._folder = folder
        self._sqs = sqs
        self._files: dict[tuple[str, str], Path] = {}  # by the names of queue and message
        self._lock = threading.Lock()

    def watch(self) -> None:
        """Keeps what is sent from now on, by callers and by the cloud itself."""
        for action in ("SendMessage", "SendMessageBatch"):
            self._sqs._HANDLERS[action] = self._kept(self._sqs._HANDLERS[action])
        threading.Thread(target=self._follow, name="queues", daemon=True).start()

    def look(self) -> None:
        """Writes down what is new in any queue, and forgets what is gone."""
        queues = [queue for _, queue in self._sqs._queues.all_items()]
        held = {
            (queue["name"], message["id"]): message
            for queue in queues
            for message in list(queue["messages"])
        }
        with self._lock:
            for (queue, name), message in held.items():
                if (queue, name) not in self._files:
                    self._write(queue, message)
            for gone in self._files.keys() - held.keys():
                self._files.pop(gone).unlink(missing_ok=True)

    def _kept(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def act(data: dict[str, Any], url: str) -> Any:
            answer = send(data, url)
            queue = self._sqs._get_q(data.get("QueueUrl", url))
            sent = {one["MessageId"] for one in answer.get("Successful", [answer])}
            with self._lock:
                for message in reversed(list(queue["messages"])):
                    if message["id"] in sent:
                        self._write(queue["name"], message)
                        sent.discard(message["id"])
                    if not sent:
                        break
            return answer

        return act

    def _follow(self) -> None:
        while True:
            time.sleep(_PAUSE)
            self.look()

    def _write(self, queue: str, message: dict[str, Any]) -> None:
        if (queue, message["id"]) in self._files:
            return
        folder = self._folder / to_logical_name(queue)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / f"{int(message['sent_at'] * 1_000_000):017}-{message['id']}.json"
        draft = file.with_suffix(".new")
        with draft.open("w") as out:
            json.dump(
                {"body": message["body"], "attributes": message.get("message_attributes") or {}},
                out,
            )
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
        _sync(folder)
        self._files[queue, message["id"]] = file


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)  # the name, too, survives a power cut
    finally:
        os.close(opened)


def to_logical_name(name: str) -> str:
    """SpoolQueue, of tiltyard-SpoolQueue-1A2B3C: what a queue is called in the template."""
    parts = name.split("-")
    return "-".join(parts[1:-1]) if len(parts) > 2 else name


def require_token(app: App, token: bytes) -> App:
    """The app for those who show the token; others learn only whether it is up.

    Any process of the machine, and any page in a browser on it, can reach the port.
    """

    async def guarded(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or scope.get("path") == READY:
            await app(scope, receive, send)
            return
        shown = [value for name, value in scope["headers"] if name.lower() == TOKEN]
        if len(shown) == 1 and secrets.compare_digest(shown[0], token):
            await app(_without_token(scope), receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            head = [(b"content-type", b"application/json")]
            await send(
                {"type": "http.response.start", "status": HTTPStatus.FORBIDDEN, "headers": head}
            )
            body = b'{"message": "This is a private cloud: show its session token."}'
            await send({"type": "http.response.body", "body": body})

    return guarded


def _without_token(scope: dict[str, Any]) -> dict[str, Any]:
    """Functions see the headers of API requests, and need not see this one."""
    if not scope["path"].startswith("/_aws/execute-api/"):
        return scope
    return scope | {"headers": [pair for pair in scope["headers"] if pair[0].lower() != TOKEN]}


def main() -> None:
    """Runs MiniStack until it is killed."""
    folder = os.environ.pop(QUEUES)
    token = os.environ["AWS_SESSION_TOKEN"].encode()  # functions inherit it
    served = importlib.import_module("ministack.app")
    Keeper(Path(folder), importlib.import_module("ministack.services.sqs")).watch()
    covering = runpy.run_path(str(Path(__file__).with_name("emulated_sockets.py")))
    modules = ("services.apigateway", "core.lambda_runtime", "services.lambda_svc")
    covering["cover"](*(importlib.import_module(f"ministack.{name}") for name in modules))
    sharing = runpy.run_path(str(Path(__file__).with_name("emulated_functions.py")))
    sharing["share_files"](
        importlib.import_module("ministack.core.lambda_runtime"), Path("unpacked").resolve()
    )
    sharing["read_numbers"](importlib.import_module("ministack.services.lambda_svc"))
    vars(served)["app"] = require_token(served.app, token)
    served.main()


if __name__ == "__main__":
    main()
