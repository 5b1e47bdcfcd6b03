"""Work for another invocation of the live function: at once, or after some seconds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

from functions.live import management
from functions.shared import log, signatures, signed_calls
from functions.shared.settings import settings

_SECONDS = 2.0  # for an invocation or a message to be taken
_TRIES = 3


def invoke(work: str, **fields: Any) -> bool:
    """Has the live function do some work at once, beside this one; whether AWS took it."""
    body = json.dumps({"work": work, **fields}).encode()
    headers = {"X-Amz-Invocation-Type": "Event", "Content-Type": "application/json"}
    status = signed_calls.call("POST", _url(), body, "lambda", _SECONDS, **headers)
    is_taken = status is not None and status < HTTPStatus.MULTIPLE_CHOICES
    if not is_taken:
        log.event("live.invoke", level="ERROR", work=work, status=status)
    return is_taken


def delay(seconds: int, work: str, **fields: Any) -> None:
    """Has the live function do some work after `seconds`; the sweep does what is lost here."""
    queue = settings().live_delays_url
    message = json.dumps({"work": work, **fields})
    sent = {"QueueUrl": queue, "DelaySeconds": seconds, "MessageBody": message}
    headers = {
        "X-Amz-Target": "AmazonSQS.SendMessage",
        "Content-Type": "application/x-amz-json-1.0",
    }
    url = f"{_get_address(urljoin(queue, '/'))}/"
    for _ in range(_TRIES):  # a message that comes twice finds nothing to do
        status = signed_calls.call(
            "POST", url, json.dumps(sent).encode(), "sqs", _SECONDS, **headers
        )
        if status == HTTPStatus.OK:
            return
    log.event("live.delay", level="ERROR", work=work, status=status)


def delay_each(seconds: int, work: str, connection_ids: Iterable[str]) -> None:
    """The same for each of some sockets, at once: a room's sender has two seconds in all."""
    management.run_each(lambda name: delay(seconds, work, connection_id=name), connection_ids)


def _url() -> str:
    address = _get_address(f"https://lambda.{signatures.region()}.amazonaws.com")
    # Of itself a function knows its own name; the template can tell it to others only.
    name = settings().live_function or os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    return f"{address}/2015-03-31/functions/{name}/invocations"


def _get_address(usual: str) -> str:
    """Where a service answers; on the local stack, the emulator."""
    return (os.environ.get("AWS_ENDPOINT_URL") or usual).rstrip("/")
