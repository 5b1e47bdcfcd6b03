"""Work for another invocation of the live function: at once, or after some seconds."""

from __future__ import annotations

import json
import os
from http import HTTPStatus
from typing import Any

from functions.live import signatures, signed_calls
from functions.shared import aws, log
from functions.shared.settings import settings

_SECONDS = 2.0  # for an invocation to be taken


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
    try:
        aws.client("sqs").send_message(
            QueueUrl=settings().live_delays_url,
            DelaySeconds=seconds,
            MessageBody=json.dumps({"work": work, **fields}),
        )
    except aws.failures() as error:
        log.event("live.delay", level="ERROR", work=work, error=type(error).__name__)


def _url() -> str:
    chosen = settings()
    address = os.environ.get("AWS_ENDPOINT_URL") or (
        f"https://lambda.{signatures.region()}.amazonaws.com"
    )
    # Of itself a function knows its own name; the template can tell it to others only.
    name = chosen.live_function or os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    return f"{address.rstrip('/')}/2015-03-31/functions/{name}/invocations"
