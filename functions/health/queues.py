"""Queues: how much waits in the spool and among dead letters."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

from functions.shared import aws, log
from functions.shared.fields import ResponseModel
from functions.shared.settings import settings

TIMEOUT = 3.0  # seconds: what does not answer by then is unavailable
_ATTRIBUTES = {
    "waiting": "ApproximateNumberOfMessages",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}
Lengths = dict[str, dict[str, int]]


class QueueLength(ResponseModel):
    """Messages of a queue, as SQS estimates them: `waiting` ones may be received, `in_flight` ones
    were and are not done, and `delayed` ones come later."""

    waiting: int
    in_flight: int
    delayed: int


class QueueLengths(ResponseModel):
    """`spool`: accepted writes that are not stored yet. `dead_letters`: what of them can never be;
    `make replay` lists it. `failed_jobs`: scheduled jobs that failed finally."""

    spool: QueueLength
    dead_letters: QueueLength
    failed_jobs: QueueLength


def begin_reading() -> Future[Lengths | None]:
    """The QueueLengths, read by another thread; None where a queue cannot be read."""
    urls = {
        "spool": settings().spool_queue_url,
        "dead_letters": settings().spool_dead_letters_url,
        "failed_jobs": settings().scheduler_dead_letters_url,
    }
    return _executor().submit(_read, urls)


def wait(reading: Future[Lengths | None]) -> Lengths | None:
    """What was read, or None where it takes too long."""
    try:
        return reading.result(TIMEOUT)
    except TimeoutError:
        _note_failure("TimeoutError")
        return None


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="queues")


def _read(urls: dict[str, str]) -> Lengths | None:
    if not all(urls.values()):
        _note_failure("no address")
        return None
    try:
        return {name: _read_length(url) for name, url in urls.items()}
    except aws.failures() as error:
        _note_failure(type(error).__name__)
        return None


def _read_length(url: str) -> dict[str, int]:
    found = aws.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=[*_ATTRIBUTES.values()]
    )["Attributes"]
    return {name: int(found[attribute]) for name, attribute in _ATTRIBUTES.items()}


def _note_failure(why: str) -> None:
    log.event("health.queues", level="ERROR", error=why)
