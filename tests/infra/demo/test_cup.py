"""What the demo's tournament says when it cannot go on; how it is played, tests/e2e shows."""

from __future__ import annotations

import secrets

import pytest

from infra.demo import cup
from infra.demo.entrant import Entrant
from infra.demo.phone import Phone
from infra.demo.service import Answer, DemoError, RefusedError, Service

REFUSED = Answer(403, {"error": {"code": "FORBIDDEN", "message": "Only organisers may"}})


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack that refuses whatever is posted."""

    def refuse(*_: object) -> Answer:
        raise RefusedError("refused", REFUSED)

    monkeypatch.setattr(Service, "post", refuse)


@pytest.mark.usefixtures("refusing")
def test_a_refusal_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service("http://127.0.0.1:1", "", "Authorization")
    with pytest.raises(DemoError, match="Mira cannot enter the tracker: Only organisers may"):
        Entrant("Mira", service).enter(secrets.token_hex(8))
    event = cup.Cup(service.url, "the key", 1, lambda _: None, service)
    with pytest.raises(DemoError, match="cannot make a tournament: Only organisers may"):
        event._open()
    monkeypatch.setenv("ORGANIZER_TOKEN", "an organiser's")
    with cup.hire_organiser(service.url, "the key") as organiser:
        assert organiser.key == "an organiser's"


def test_a_phone_without_a_stack_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    url = {"url": "ws://127.0.0.1:1/v1/ws/battles/btl_00000000?ticket=x"}
    monkeypatch.setattr(Service, "post", lambda *_: Answer(201, url))
    with pytest.raises(DemoError, match="A socket was not opened"):
        Phone(Service("http://127.0.0.1:1", ""), "btl_00000000").open()


def test_scores_of_a_seed_are_the_same_and_the_game_allows_them() -> None:
    one = Entrant("Mira", Service("http://127.0.0.1:1", ""))
    draws = [[cup._draw(cup.Random(seed), one) for seed in range(200)] for _ in range(2)]
    assert draws[0] == draws[1]
    assert {part for drawn in draws[0] for part in drawn} == {"primary", "secondary"}
    assert max(drawn["primary"] for drawn in draws[0]) * cup.TURNS <= 50
    assert max(drawn["secondary"] for drawn in draws[0]) * cup.TURNS <= 40
