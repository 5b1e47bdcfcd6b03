"""AWS clients, made when first used: importing boto3 costs more than most requests."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def client(service: str) -> Any:
    """The process's boto3 client of a service; gives up while a request can still be answered."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,  # type: ignore[call-overload]  # the name is the caller's literal
        config=Config(
            connect_timeout=2,
            read_timeout=5,
            retries={"total_max_attempts": 3},
            signature_version="s3v4" if service == "s3" else None,
            s3={"addressing_style": "virtual"},  # else addresses name no region
        ),
    )


def failures() -> tuple[type[Exception], ...]:
    """What a call of a client raises when AWS refuses it or cannot be reached."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError
