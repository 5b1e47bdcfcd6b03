"""Work for another invocation of the live function: at once, or after some seconds."""

from __future__ import annotations

import json
import os
from typing import Any

from functions.live import management
from functions.shared import aws, log
from functions.shared.settings import settings


def invoke(work: str, **fields: Any) -> bool:
    """Has the live function do some work at once, beside this one; whether AWS took it."""
    import urllib3

    body = json.dumps({"work": work, **fields}).encode()
    headers = {"X-Amz-Invocation-Type": "Event", "Content-Type": "application/json"}
    try:
        answer = urllib3.request(
            "POST",
            url := _url(),
            body=body,
            headers=management.sign("POST", url, body, "lambda", **headers),
            timeout=2.0,
            retries=False,
        )
    except urllib3.exceptions.HTTPError as error:
        log.event("live.invoke", level="ERROR", work=work, error=type(error).__name__)
        return False
    if answer.status >= 300:
        log.event("live.invoke", level="ERROR", work=work, status=answer.status)
    return bool(answer.status < 300)


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
        f"https://lambda.{management.region()}.amazonaws.com"
    )
    # Of itself a function knows its own name; the template can tell it to others only.
    name = chosen.live_function or os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    return f"{address.rstrip('/')}/2015-03-31/functions/{name}/invocations"
