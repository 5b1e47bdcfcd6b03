"""Dead letters go back to their queue, each once, and none goes round."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError

from infra.local import state
from infra.local.deployment import Deployment
from infra.ops import replay
from tests.support.queues import Queues


@pytest.fixture
def both(queues: Queues) -> replay.Queues:
    return replay.Queues(queues.client, queues.queue, queues.dead_letters)


def bury(queues: Queues, body: str, reason: str = "the reason") -> None:
    queues.client.send_message(
        QueueUrl=queues.dead_letters,
        MessageBody=body,
        MessageAttributes={"reason": {"DataType": "String", "StringValue": reason}},
    )


def test_every_letter_goes_back_as_it_was_and_says_its_reason(
    queues: Queues, both: replay.Queues
) -> None:
    bodies = sorted(f'{{"secret": {number}}}' for number in range(25))
    for body in bodies:
        bury(queues, body)
    lines = list(replay.replay_letters(both))
    assert len(lines) == 25
    assert all(line.endswith("  the reason") and "secret" not in line for line in lines)
    assert sorted(queues.bodies()) == bodies
    assert list(replay.replay_letters(both)) == []


def test_a_list_moves_nothing_and_hides_nothing(queues: Queues, both: replay.Queues) -> None:
    for number in range(12):
        bury(queues, str(number))
    assert len(list(replay.list_letters(both))) == 12
    assert len(list(replay.list_letters(both))) == 12
    assert queues.bodies() == []
    assert len(queues.bodies(queues.dead_letters)) == 12


def test_a_letter_that_the_queue_gave_up_has_no_reason(queues: Queues, both: replay.Queues) -> None:
    queues.client.send_message(QueueUrl=queues.dead_letters, MessageBody="x")
    [line] = replay.list_letters(both)
    assert line.endswith("  given up by the queue itself")


def test_what_is_buried_again_meanwhile_does_not_go_round(
    queues: Queues, both: replay.Queues
) -> None:
    bury(queues, "poison")
    lines = []
    for line in replay.replay_letters(both):
        lines.append(line)
        assert len(lines) < 5
        bury(queues, "poison")
    assert len(lines) == 1
    assert queues.bodies(queues.dead_letters) == ["poison"]  # and can be seen at once


@pytest.mark.parametrize("step", ["send_message", "delete_message"])
def test_ended_in_the_middle_it_loses_nothing(
    queues: Queues, both: replay.Queues, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    for body in "abc":
        bury(queues, body)
    real, calls = getattr(queues.client, step), []

    def fail(**asked: str) -> object:
        calls.append(asked)
        if len(calls) == 2:
            raise EndpointConnectionError(endpoint_url="x")
        return real(**asked)

    with monkeypatch.context() as patch:
        patch.setattr(queues.client, step, fail)
        with pytest.raises(EndpointConnectionError):
            list(replay.replay_letters(both))
    # Its hold on a letter may last a while when it could not even delete it.
    got = queues.bodies() + queues.bodies(queues.dead_letters)
    held = 1 if step == "delete_message" else 0
    assert {"a", "b", "c"} == set(got)
    assert len(got) <= 3 + held


def run(*words: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["replay", *words])
        replay.main()


def test_the_command_line(
    queues: Queues, capsys: pytest.CaptureFixture[str], setting: Callable[..., None]
) -> None:
    bury(queues, "body")
    run("--list")
    assert capsys.readouterr().out.splitlines()[-1] == "1 dead letters"
    setting(SPOOL_QUEUE_URL="", SPOOL_DEAD_LETTERS_URL="")
    run("--queue", queues.queue, "--dead-letters", queues.dead_letters)
    told = capsys.readouterr().out.splitlines()
    assert (len(told), told[-1]) == (2, "1 dead letters put back")
    assert queues.bodies() == ["body"]


def test_without_queues_it_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: Callable[..., None]
) -> None:
    setting(SPOOL_QUEUE_URL="", SPOOL_DEAD_LETTERS_URL="")
    monkeypatch.setattr(state, "HOME", tmp_path)
    with pytest.raises(SystemExit, match="No queues: set SPOOL_QUEUE_URL"):
        run()
    with pytest.raises(SystemExit, match="Give both"):
        run("--queue", "https://sqs/x")


def test_the_queues_of_the_running_stack_come_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: Callable[..., None]
) -> None:
    setting(SPOOL_QUEUE_URL="", SPOOL_DEAD_LETTERS_URL="")
    monkeypatch.setattr(state, "HOME", tmp_path)
    deployed = Deployment("api", "live", "sockets", "migrate", "/logs", "the queue", "the letters")
    with state.own_folder(tmp_path):
        state.State(1, "http://127.0.0.1:8000", 4566, {}, deployed).write(tmp_path)
        found = replay._queues(None, None)
    assert (found.queue, found.dead_letters) == ("the queue", "the letters")
    assert found.client.meta.endpoint_url == "http://127.0.0.1:4566"
    found.client.close()
