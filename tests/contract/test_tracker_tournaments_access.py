"""Who may do what to a tournament: the table of tracker.md 3."""

from __future__ import annotations

import pytest

from tests.support.cups import make_cup, make_person
from tests.support.tournament_bodies import BODIES, EVENT, PERSON

pytestmark = pytest.mark.usefixtures("tracker_keys")
# What players and organisers of other tournaments may not do; all of it is for owners and admins.
OWNERS = [
    *(f"PATCH {EVENT}", f"POST {EVENT}/open-registration", f"POST {EVENT}/cancel"),
    *(f"POST {EVENT}/finish", f"POST {EVENT}/participants", f"PATCH {PERSON}"),
    *(f"POST {PERSON}/drop", f"POST {PERSON}/reinstate", f"POST {PERSON}/absent"),
    *(f"POST {EVENT}/generate-pairings", f"POST {EVENT}/next-round"),
    *(f"DELETE {EVENT}/rounds/1", f"PUT {EVENT}/rounds/{{number}}/pairings"),
    *(f"PUT {EVENT}/results/{{battle_id}}", f"GET {EVENT}/events"),
]
EVERYBODYS = [
    *(f"GET {EVENT}", f"GET {EVENT}/participants", f"GET {EVENT}/rounds"),
    *(f"GET {EVENT}/rounds/1", f"GET {EVENT}/standings"),
]


@pytest.mark.parametrize("operation", [*OWNERS, *EVERYBODYS])
def test_what_is_for_owners_and_what_for_all(operation: str) -> None:
    cup = make_cup(4)
    cup.pair()
    parts = {
        "tournament_id": cup.id,
        "user_id": cup.ids["A"],
        "number": "1",
        "battle_id": cup.find_battle("A-C")["battle_id"],
    }
    method, path = operation.split()
    url, body = path.format(**parts), BODIES.get(operation) if method != "GET" else None
    others = {
        "player": cup.players["B"],
        "other organiser": make_person("otto", "organizer")[0],
        "staff": make_person("stella", "staff")[0],
    }
    for who, client in others.items():
        answered = client.call(method, url, body)
        assert answered.status == (403 if operation in OWNERS else 200), f"{who}: {answered.text}"
    admin = make_person("ada", "admin")[0]
    assert admin.call(method, url, body).status not in (401, 403, 404)


def test_players_drop_themselves_and_nobody_else() -> None:
    cup = make_cup(4)
    cup.pair()
    url = f"{cup.url}/participants/{cup.ids['A']}/drop"
    assert cup.players["B"].post(url).status == 403
    assert cup.players["A"].post(url).status == 200
