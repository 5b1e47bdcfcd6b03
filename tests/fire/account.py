"""What an accountant says: what ought to be stored, what is, and whether that is the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.fire.journal import Op


@dataclass(frozen=True)
class Verdict:
    """One account of a domain; `problems` are a few words each, none where it is right."""

    domain: str
    account: str
    counted: int  # what was held against the store
    problems: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        return not self.problems


def compare_once(
    domain: str,
    account: str,
    ops: Iterable[Op],
    stored: Mapping[Hashable, int],
    *,
    is_repeatable: bool = True,
) -> Verdict:
    """Holds ops, by their names, against how often each is stored.

    Done is stored once; never answered, or refused at last, once at most; what nobody sent, never.
    Not repeatable: a client that was not answered, and asked again, may have had it twice.
    """
    problems, sent = [], Counter[Hashable]()
    for op in ops:
        sent[op.name] += 1
        found = stored.get(op.name, 0)
        most = 1 if is_repeatable else len(op.attempts)
        if op.is_done and not found:
            problems.append(f"lost: {op.name} was answered {op.status}")
        elif found > most:
            problems.append(f"doubled: {op.name} is stored {found} times")
    problems += [f"unknown: {name} was never sent" for name in stored.keys() - sent.keys()]
    return Verdict(domain, account, len(sent), tuple(problems))


def compare_equal(domain: str, account: str, counted: int, expected: Any, found: Any) -> Verdict:
    """Holds what ought to be against what is."""
    if expected == found:
        return Verdict(domain, account, counted)
    return Verdict(domain, account, counted, (f"expected {expected!r:.200}, found {found!r:.200}",))


def list_unsettled(ops: Iterable[Op]) -> Verdict:
    """Whose clients were never answered at last, or by a fault of ours."""
    problems, count = [], 0
    for op in ops:
        count += 1
        if not 200 <= op.status < 500:
            problems.append(f"{op.route} {op.name}: {len(op.attempts)} tries, last {op.status}")
    return Verdict("all", "every request was answered in the end", count, tuple(problems))


def list_failures(ops: Iterable[Op]) -> Verdict:
    """Answers of status 500: faults that nobody foresaw. Gone functions are 502, late ones 504."""
    problems, count = [], 0
    for op in ops:
        count += len(op.attempts)
        failed = sum(one.status == 500 for one in op.attempts)
        if failed:
            problems.append(f"{op.route} {op.name}: {failed} of {len(op.attempts)} answers")
    return Verdict("all", "no answer is 500", count, tuple(problems))


def list_refusals(ops: Iterable[Op]) -> Verdict:
    """What was refused at last, though nothing was wrong with it."""
    problems, count = [], 0
    for op in ops:
        count += 1
        if 400 <= op.status < 500:
            problems.append(f"{op.route} {op.name}: {op.status} {op.answer!r:.120}")
    return Verdict("all", "nothing that is right was refused", count, tuple(problems))
