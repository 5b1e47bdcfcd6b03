"""Secrets Manager as a function asks it: signed, twice where it did not answer, and no more."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from functions.shared import secret_store, signatures
from functions.shared.secret_store import SecretStoreError
from tests.support.secret_store import ARN, Store, running


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(secret_store, "_PAUSE", 0.0)
    signatures.load_credentials.cache_clear()
    with running() as store:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", store.url)
        store.secrets[ARN] = {"api_key": "hunter2"}
        yield store
    signatures.load_credentials.cache_clear()


def test_a_secret_is_asked_for_once_and_signed_with_the_session_of_the_role(vault: Store) -> None:
    assert secret_store.fetch_secret(ARN) == ({"api_key": "hunter2"}, vault.created_at)
    [(arn, headers)] = vault.asked
    assert arn == ARN
    assert headers["X-Amz-Target"] == "secretsmanager.GetSecretValue"
    assert "/eu-central-1/secretsmanager/aws4_request" in headers["Authorization"]
    assert "x-amz-security-token" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "testing"


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "eu-central-1", "secretsmanager.eu-central-1.amazonaws.com"),
        ("aws-cn", "cn-north-1", "secretsmanager.cn-north-1.amazonaws.com.cn"),
        ("aws-us-gov", "us-gov-west-1", "secretsmanager.us-gov-west-1.amazonaws.com"),
    ],
)
def test_it_is_asked_for_in_its_own_region_and_partition(
    monkeypatch: pytest.MonkeyPatch, partition: str, region: str, host: str
) -> None:
    for name in ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    arn = f"arn:{partition}:secretsmanager:{region}:123456789012:secret:x-AbCdEf"
    assert secret_store._find_endpoint(*secret_store._parse_arn(arn)) == f"https://{host}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/")
    assert secret_store._find_endpoint(partition, region) == "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    "failure", [(500, "InternalServiceError"), (503, ""), (400, "ThrottlingException")]
)
def test_what_may_pass_is_tried_once_more(vault: Store, failure: tuple[int, str]) -> None:
    vault.failures = [failure]
    assert secret_store.fetch_secret(ARN).values == {"api_key": "hunter2"}
    vault.failures = [failure] * 3
    with pytest.raises(SecretStoreError):
        secret_store.fetch_secret(ARN)
    assert len(vault.asked) == 4


def test_a_refusal_is_told_by_its_code_and_not_tried_again(vault: Store) -> None:
    vault.failures = [(400, "com.amazonaws.secretsmanager#AccessDeniedException")]
    with pytest.raises(SecretStoreError, match=r"^AccessDeniedException$"):
        secret_store.fetch_secret(ARN)
    assert len(vault.asked) == 1
    vault.failures = [(400, "hunter2 and\nmore")]
    with pytest.raises(SecretStoreError, match=r"^status 400$"):
        secret_store.fetch_secret(ARN)


@pytest.mark.parametrize("value", ["hunter2", '["hunter2"]', "", '{"api_key": "hunter2"'])
def test_what_is_no_object_is_refused_and_not_shown(vault: Store, value: str) -> None:
    vault.secrets[ARN] = value
    with pytest.raises(SecretStoreError) as raised:
        secret_store.fetch_secret(ARN)
    assert "hunter2" not in repr(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("arn", ["tiltyard", "arn:aws:s3:::bucket", ":::::::"])
def test_what_is_no_arn_of_a_secret_is_refused(arn: str) -> None:
    with pytest.raises(SecretStoreError, match="SECRET_ARN is no ARN of a secret"):
        secret_store.fetch_secret(arn)


def test_nobody_there_is_no_endless_wait(vault: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_store, "_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", url)
        with pytest.raises(SecretStoreError, match="no answer"):
            secret_store.fetch_secret(ARN)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:1")
    with pytest.raises(SecretStoreError, match="no answer"):
        secret_store.fetch_secret(ARN)
