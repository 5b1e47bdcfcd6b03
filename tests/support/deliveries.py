"""What a queue hands to a function; apart from the tests' queue, which needs the functions."""

from __future__ import annotations

from typing import Any


def to_record(message: dict[str, Any]) -> dict[str, Any]:
    """A message that was received, as a function gets it."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "eventSource": "aws:sqs",
    }
