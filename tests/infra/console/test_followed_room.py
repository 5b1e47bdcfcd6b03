"""What a page shows of a room, and when it stops asking."""

from __future__ import annotations

from typing import Any

from tests.support.modules import evaluate

# Follows a room whose API and sockets the test plays, and tells what the panel heard.
FOLLOW = """(async () => {
  let opened = 0;
  const errors = [], values = [];
  globalThis.WebSocket = class {
    constructor() { opened += 1; }
    close() {}
    send() {}
  };
  const stop = new AbortController();
  const answer = (status) => status < 300 ? { id: 7 } : Promise.reject({ status });
  const { follow } = m.followRoom({
    url: "ws://127.0.0.1:9/ws/battle/7",
    read: async () => { if (given.leaves) stop.abort(); return answer(given.read); },
    credential: async () => (await answer(given.credential), { ticket: "t" }),
  });
  const push = (value) => values.push(value.thing);
  await follow(push, ({ status }) => errors.push(status), stop.signal);
  await new Promise((done) => setTimeout(done, 50));
  stop.abort();
  return { opened, errors, shown: values.length > 0 };
})()"""


def follow(**given: Any) -> Any:
    return evaluate("followed_room.js", FOLLOW, {"read": 200, "credential": 200, **given})


def test_a_thing_that_is_read_is_shown_and_its_room_opened() -> None:
    assert follow() == {"opened": 1, "errors": [], "shown": True}


def test_what_may_not_be_read_opens_no_socket() -> None:
    """A fight that is none was once asked for again for as long as the page was open."""
    assert follow(read=404) == {"opened": 0, "errors": [404], "shown": False}


def test_a_refused_credential_is_said_and_ends_it() -> None:
    found = follow(credential=403)
    assert (found["opened"], found["errors"]) == (0, [403])


def test_too_many_requests_are_waited_for() -> None:
    found = follow(credential=429)
    assert (found["opened"], found["errors"]) == (0, [])


def test_whoever_left_meanwhile_opens_nothing() -> None:
    assert follow(leaves=True)["opened"] == 0
