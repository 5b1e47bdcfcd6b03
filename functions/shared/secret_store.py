"""Secrets Manager: the value of a secret, without boto3, whose import alone is a cold start."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, NamedTuple

from functions.shared import signed_calls

_SECONDS = 2.0  # for connecting, and for the answer
_TRIES = 2
_PAUSE = 0.1  # seconds
_SUFFIXES = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}


class SecretStoreError(Exception):
    """A secret cannot be had; says why, in a word or two without anything that is secret."""


class Secret(NamedTuple):
    """What a secret holds, and since when (Unix seconds)."""

    values: dict[str, Any]
    created_at: float


def read_values(arns: Iterable[str]) -> dict[str, Any]:
    """What secrets hold, as settings are called, with the newest's `created_at`; raises
    SecretStoreError.

    `url_logs` is DATABASE_URL_LOGS, and `signing_key` alone a list of one.
    """
    values: dict[str, Any] = {"created_at": 0.0}
    for arn in arns:
        secret = fetch_secret(arn)
        held = {
            re.sub("^URL(?=$|_)", "DATABASE_URL", name.upper()): value
            for name, value in secret.values.items()
        }
        if "SIGNING_KEY" in held:
            held.setdefault("SIGNING_KEYS", [held["SIGNING_KEY"]])
        values |= held
        values["created_at"] = max(values["created_at"], secret.created_at)
    return values


def fetch_secret(arn: str) -> Secret:
    """The JSON object that a secret holds now, by its ARN; raises SecretStoreError.

    One call, and a second one where the first one was not answered.
    """
    partition, region = _parse_arn(arn)
    url = _find_endpoint(partition, region)
    body = json.dumps({"SecretId": arn}).encode()
    headers = {
        "X-Amz-Target": "secretsmanager.GetSecretValue",
        "Content-Type": "application/x-amz-json-1.1",
    }
    for attempt in range(1, _TRIES + 1):
        answer = signed_calls.exchange(
            "POST", f"{url}/", body, "secretsmanager", _SECONDS, headers, region
        )
        # It is asked for again in minutes: a frozen function would not see its end till then.
        signed_calls.hang_up(url)
        if answer and answer.status == HTTPStatus.OK:
            return _read(answer.body)
        code = _read_code(answer)
        if attempt == _TRIES or not _may_pass(answer, code):
            break
        time.sleep(_PAUSE)
    raise SecretStoreError(code)


def _parse_arn(arn: str) -> tuple[str, str]:
    """The partition and the region of a secret, which need not be the function's."""
    parts = arn.split(":")
    if len(parts) < 7 or parts[0] != "arn" or parts[2] != "secretsmanager":
        raise SecretStoreError("SECRET_ARN is no ARN of a secret")
    return parts[1], parts[3]


def _find_endpoint(partition: str, region: str) -> str:
    """As boto3 does; on the local stack, the emulator."""
    for name in ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"):
        if given := os.environ.get(name):
            return given.rstrip("/")
    return f"https://secretsmanager.{region}.{_SUFFIXES.get(partition, 'amazonaws.com')}"


def _read(body: bytes) -> Secret:
    try:
        answer = json.loads(body)
        values = json.loads(answer["SecretString"])
        created_at = float(answer["CreatedDate"])
    except (ValueError, KeyError, TypeError):
        raise SecretStoreError("the secret is no JSON") from None  # its text stays out
    if not isinstance(values, dict):
        raise SecretStoreError("the secret is no JSON object")
    return Secret(values, created_at)


def _read_code(answer: signed_calls.Answer | None) -> str:
    """What AWS calls a failure, such as AccessDeniedException."""
    if answer is None or not answer.body:
        return "no answer"
    try:
        code = str(json.loads(answer.body)["__type"]).rpartition("#")[2]
    except (ValueError, KeyError, TypeError):
        code = ""
    return code if code.isalnum() and len(code) <= 64 else f"status {answer.status}"


def _may_pass(answer: signed_calls.Answer | None, code: str) -> bool:
    is_theirs = answer is None or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return is_theirs or code == "ThrottlingException"
