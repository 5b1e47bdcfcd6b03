"""Work for later: the very calls that boto3 makes, sent again where AWS is busy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest

from functions.live import connections, later
from functions.shared import db, signed_calls
from tests.support.live import rooms

QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/live-delays"
Call = dict[str, Any]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, setting: Callable[..., None]) -> list[Call]:
    """What is sent, and answered 200."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    setting(LIVE_DELAYS_URL=QUEUE, LIVE_FUNCTION="live")
    return answer(monkeypatch, [])


def answer(monkeypatch: pytest.MonkeyPatch, statuses: list[int | None]) -> list[Call]:
    found: list[Call] = []

    def call(
        method: str, url: str, body: bytes, service: str, seconds: float, **headers: str
    ) -> int | None:
        found.append({"url": url, "body": json.loads(body), "service": service, **headers})
        return statuses.pop(0) if statuses else 200

    monkeypatch.setattr(signed_calls, "call", call)
    return found


def test_a_message_is_sent_as_boto3_sends_it(calls: list[Call]) -> None:
    later.delay(5, "leave", room="room:1")
    [call] = calls
    sent: list[AWSPreparedRequest] = []
    client = boto3.client(
        "sqs",
        region_name="eu-central-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )

    def stop(request: AWSPreparedRequest, **_: object) -> None:
        sent.append(request)
        raise InterruptedError

    client.meta.events.register("before-send.sqs.SendMessage", stop)
    with pytest.raises(InterruptedError):
        client.send_message(
            QueueUrl=QUEUE,
            DelaySeconds=5,
            MessageBody=json.dumps({"work": "leave", "room": "room:1"}),
        )
    [own] = sent
    assert own.body is not None
    assert call == {
        "url": own.url,
        "body": json.loads(own.body),
        "service": "sqs",
        "X-Amz-Target": own.headers["X-Amz-Target"].decode(),
        "Content-Type": own.headers["Content-Type"].decode(),
    }


def test_at_home_the_emulator_takes_it(calls: list[Call], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/")
    later.delay(5, "leave", room="room:1")
    later.invoke("deliver", room="room:1")
    assert [call["url"] for call in calls] == [
        "http://127.0.0.1:4566/",
        "http://127.0.0.1:4566/2015-03-31/functions/live/invocations",
    ]


@pytest.mark.parametrize(
    ("statuses", "tries"), [([503, None], 3), ([503, 429, 500, 200], 3), ([200], 1)]
)
def test_a_queue_that_is_busy_is_asked_again(
    calls: list[Call],
    monkeypatch: pytest.MonkeyPatch,
    statuses: list[int | None],
    tries: int,
) -> None:
    found = answer(monkeypatch, statuses)
    later.delay(5, "leave", room="room:1")
    assert len(found) == tries


def test_each_socket_has_a_message_of_its_own(calls: list[Call]) -> None:
    names = [f"s{n}" for n in range(200)]
    later.delay_each(1, "catch_up", names)
    sent = [json.loads(call["body"]["MessageBody"]) for call in calls]
    assert sorted(one["connection_id"] for one in sent) == sorted(names)


def test_a_room_of_which_all_sockets_close_is_looked_at_once(store: str, calls: list[Call]) -> None:
    names = [f"s{n}" for n in range(5)]
    for n, name in enumerate(names):
        rooms.connect(name, "room:1", n)
    for name in names:
        db.query("select live.enter(%s)", (name,))
    connections.close(names)
    assert [json.loads(call["body"]["MessageBody"]) for call in calls] == [
        {"work": "leave", "room": "room:1"}
    ]
