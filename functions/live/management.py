"""The gateway's management API: posting to sockets, and closing them, over pooled connections.

Posts of one socket follow each other; sockets are served in parallel.
"""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from enum import Enum
from functools import cache
from http import HTTPStatus
from typing import NamedTuple, TypeVar
from urllib.parse import quote, urlsplit

from functions.shared import signed_calls
from functions.shared.settings import Settings, settings

T = TypeVar("T")

_AT_ONCE = 100
_SECONDS = 1.0  # for one post
_OPENING = 3.0  # for how long the gateway may call a socket gone that is not open yet
_RESERVE = 0.05  # seconds


class Outcome(Enum):
    """What became of a socket's frames."""

    POSTED = "posted"
    GONE = "gone"
    BUSY = "busy"  # nothing was taken of the frames that are left
    UNSURE = "unsure"  # the frame that failed may still arrive


class Posted(NamedTuple):
    """How many of a socket's frames were taken, and why no more."""

    taken: int
    outcome: Outcome


def post_all(frames: Mapping[str, Sequence[bytes]], seconds: float) -> dict[str, Posted]:
    """Posts to each socket its frames in order, for at most about `seconds`.

    No post is outstanding when this returns: a socket whose answer does not come is UNSURE.
    """
    until = time.monotonic() + seconds
    if len(frames) == 1:
        [(connection_id, own)] = frames.items()
        return {connection_id: post(connection_id, own, until)}
    return run_each(lambda name: post(name, frames[name], until), frames)


def post(
    connection_id: str, frames: Sequence[bytes], until: float, *, is_opening: bool = False
) -> Posted:
    """Posts frames to one socket, in order, until a moment of `time.monotonic()`.

    `is_opening`: the gateway says gone of a socket that it is still opening.
    """
    began = time.monotonic()
    taken = tries = 0
    while taken < len(frames):
        left = until - time.monotonic()
        if left < _RESERVE:
            return Posted(taken, Outcome.BUSY)
        status = _request("POST", connection_id, frames[taken], min(_SECONDS, left))
        if status is None:
            return Posted(taken, Outcome.UNSURE)
        if status == HTTPStatus.GONE and not (is_opening and time.monotonic() < began + _OPENING):
            return Posted(taken, Outcome.GONE)
        if status < HTTPStatus.BAD_REQUEST:
            taken, tries = taken + 1, 0
        elif status in (HTTPStatus.GONE, HTTPStatus.TOO_MANY_REQUESTS) or status >= 500:
            tries += 1
            _wait(tries, until)
        else:  # a frame that the gateway never takes: nothing after it can arrive in order
            return Posted(taken, Outcome.UNSURE)
    return Posted(taken, Outcome.POSTED)


def is_open(connection_id: str) -> bool | None:
    """Whether the gateway knows a socket; None when it does not say."""
    status = _request("GET", connection_id, b"", _SECONDS)
    if status == HTTPStatus.GONE:
        return False
    return True if status == HTTPStatus.OK else None


def wait_open(connection_id: str) -> bool:
    """Whether a socket that the gateway may be opening still is open at last."""
    until = time.monotonic() + _OPENING
    for tries in itertools.count(1):
        if is_open(connection_id):
            return True
        if time.monotonic() + _RESERVE > until:
            return False
        _wait(tries, until)
    raise AssertionError("unreachable")


def close_all(connection_ids: Sequence[str]) -> set[str]:
    """Closes sockets; those that are closed now."""
    done = run_each(lambda name: _request("DELETE", name, b"", _SECONDS), connection_ids)
    return {
        name
        for name, status in done.items()
        if status is not None and (status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.GONE)
    }


def check_all(connection_ids: Sequence[str]) -> set[str]:
    """Those of some sockets that the gateway does not know any more."""
    done = run_each(is_open, connection_ids)
    return {name for name, open_ in done.items() if open_ is False}


def run_each(call: Callable[[str], T], connection_ids: Iterable[str]) -> dict[str, T]:
    """What a call comes to for each of some sockets, many at once; all have ended at the end."""
    left = list(dict.fromkeys(connection_ids))
    done: dict[str, T] = {}
    waiting = iter(left)

    def work() -> None:  # a thread takes the next when it is free: one future each costs more
        for name in waiting:
            done[name] = call(name)

    threads = [_threads().submit(work) for _ in range(min(_AT_ONCE, len(left)))]
    wait(threads)
    for thread in threads:
        thread.result()
    return done


def is_available() -> bool:
    """Whether this function knows where the gateway's sockets are."""
    return bool(settings().live_endpoint)


def _wait(tries: int, until: float) -> None:
    pause = min(0.05 * 2 ** min(tries, 5), 1.0) * random.uniform(0.5, 1.0)  # noqa: S311  no secret
    time.sleep(max(0.0, min(pause, until - time.monotonic() - _RESERVE)))


def _request(method: str, connection_id: str, body: bytes, seconds: float) -> int | None:
    """The status of a call; None when there was no answer."""
    url = f"{_endpoint(settings())}/@connections/{quote(connection_id, safe='')}"
    return signed_calls.call(method, url, body, "execute-api", seconds)


@cache
def _endpoint(chosen: Settings) -> str:
    """Where the management API answers; on the local stack, below the emulator's address."""
    local = os.environ.get("AWS_ENDPOINT_URL")  # as boto3 reads it
    if not local:
        return chosen.live_endpoint
    address = urlsplit(chosen.live_endpoint)
    api = (address.hostname or "").partition(".")[0]
    return f"{local.rstrip('/')}/_aws/execute-api/{api}{address.path}"


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE, "posts")
