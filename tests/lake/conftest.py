"""A lake's bucket in moto, and the store that it is written from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from moto import mock_aws

from functions.lake.store import Store, open_store
from functions.shared import aws, db
from tests.support.lake import BUCKET, play_evening
from tests.support.rollups import connect


@pytest.fixture
def connection(store: str) -> Iterator[db.Connection]:
    """A connection like a scheduled job's."""
    opened = connect(store)
    yield opened
    opened.close()


@pytest.fixture
def evening(connection: db.Connection) -> db.Connection:
    """The same, after an evening that all domains played."""
    play_evening(connection)
    return connection


@pytest.fixture
def bucket(setting: Callable[..., None]) -> Iterator[Store]:
    """The lake's bucket, as the template would make it."""
    setting(
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="eu-central-1",
        LAKE_BUCKET=BUCKET,
    )
    with mock_aws():
        aws.client.cache_clear()
        place = {"LocationConstraint": "eu-central-1"}
        aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        yield open_store()
    aws.client.cache_clear()
