"""Events of the tests: their players go by letters, A with seed 1, B with seed 2 …"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from string import ascii_uppercase
from typing import Any

from functions.shared import db
from tests.support.armies import make_army
from tests.support.client import Answered, Client
from tests.support.tracker import bearer, open_session

_NUMBERS = count()
CUP: dict[str, Any] = {
    "name": "Lantern Cup",
    "format": "swiss",
    "max_participants": 8,
    "start_date": "2027-03-06T08:00:00Z",
    "rules": {"first_round": "seeded"},
}


def make_person(name: str, role: str = "player") -> tuple[Client, str]:
    """Somebody with a token, and their id."""
    session = open_session(name)
    db.query("update accounts.users set role = %s where username = %s", (role, name))
    return bearer(session), session["user"]["id"]


@dataclass
class Cup:
    """A tournament, who organises it, and its players."""

    organiser: Client
    id: str
    players: dict[str, Client] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    armies: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"/v1/tournaments/{self.id}"

    @property
    def letters(self) -> dict[str, str]:
        """Players by their ids."""
        return {user_id: letter for letter, user_id in self.ids.items()}

    def get(self) -> dict[str, Any]:
        """The tournament as its organiser reads it."""
        return expect(self.organiser.get(self.url), 200)["tournament"]  # type: ignore[no-any-return]

    def add(self, letter: str, **more: Any) -> None:
        """Somebody new, who registers."""
        self.recruit(letter)
        self.register(letter, **more)

    def register(self, letter: str, **more: Any) -> None:
        """Registers somebody who has an army."""
        body = {"army_id": self.armies[letter]} | more
        expect(self.players[letter].post(f"{self.url}/register", body), 201)

    def recruit(self, letter: str) -> None:
        """Somebody new with an army, who does not register."""
        self.players[letter], self.ids[letter] = make_person(f"{letter}-{next(_NUMBERS)}")
        self.armies[letter] = make_army(self.players[letter])["id"]

    def pair(self, **body: Any) -> dict[str, Any]:
        """The answer to generate-pairings."""
        return expect(self.organiser.post(f"{self.url}/generate-pairings", body), 200)

    def list_pairs(self, number: int = 0) -> list[str]:
        """The pairs of a round, or of the current one, as `A-B`; a bye is `C`."""
        round_ = self.get()["rounds"][number - 1]
        names = self.letters
        return [
            f"{names[one['player1_id']]}-{names[one['player2_id']]}" for one in round_["pairings"]
        ] + [names[bye["player_id"]] for bye in round_["byes"]]

    def find_battle(self, pair: str, number: int = 0) -> dict[str, Any]:
        """The pairing of two players in a round, or in the current one."""
        wanted = {self.ids[letter] for letter in pair.split("-")}
        return next(
            one
            for one in self.get()["rounds"][number - 1]["pairings"]
            if {one["player1_id"], one["player2_id"]} == wanted
        )

    def enter(self, said: str, number: int = 0, **more: Any) -> Answered:
        """The organiser's result of a round, as `A 80-60 C`; with `more` in the body."""
        one, points, two = said.split()
        scores = dict(zip((one, two), map(int, points.split("-")), strict=True))
        battle = self.find_battle(f"{one}-{two}", number)["battle_id"]
        body = {
            "scores": {self.ids[name]: {"victory_points": value} for name, value in scores.items()}
        }
        return self.organiser.put(f"{self.url}/results/{battle}", body | more)

    def play(self, *results: str) -> None:
        """Enters results of the current round."""
        for said in results:
            expect(self.enter(said), 200)

    def play_round(self, *results: str) -> None:
        """Pairs a round, and enters its results."""
        self.pair()
        self.play(*results)

    def win_by_seed(self, seeds: str = ascii_uppercase) -> None:
        """Enters results of the current round in which the better seed wins, or who comes first in
        another order."""
        for pair in self.list_pairs():
            if "-" in pair:
                one, two = sorted(pair.split("-"), key=seeds.index)
                self.play(f"{one} 80-40 {two}")

    def edit(self, pairs: str, byes: str = "", number: int = 1, **more: Any) -> Answered:
        """The answer to a round that is paired by hand, as `AB CD`, with `more` in each pairing."""
        body = {
            "pairings": [
                {"player1_id": self.ids[one], "player2_id": self.ids[two], **more}
                for one, two in pairs.split()
            ],
            "byes": [self.ids[letter] for letter in byes],
        }
        return self.organiser.put(f"{self.url}/rounds/{number}/pairings", body)

    def rank(self, **query: Any) -> list[dict[str, Any]]:
        """The rows of the standings, each with its letter."""
        text = "&".join(f"{name}={value}" for name, value in query.items())
        rows = expect(self.organiser.get(f"{self.url}/standings?{text}"), 200)["data"]
        return [row | {"letter": self.letters[row["user_id"]]} for row in rows]

    def order(self, **query: Any) -> str:
        """The letters of the standings from the first on."""
        return "".join(row["letter"] for row in self.rank(**query))

    def drop(self, letter: str, **body: Any) -> dict[str, Any]:
        """The answer to a player's being dropped by the organiser."""
        url = f"{self.url}/participants/{self.ids[letter]}/drop"
        return expect(self.organiser.post(url, body), 200)


def make_cup(players: int = 0, **changes: Any) -> Cup:
    """A tournament with so many players, organised by somebody new."""
    number = next(_NUMBERS)
    organiser, _ = make_person(f"organiser-{number}", "organizer")
    rules = CUP["rules"] | changes.pop("rules", {})
    body = CUP | {"name": f"Lantern Cup {number}", "max_participants": max(players, 2)}
    answered = organiser.post("/v1/tournaments", body | changes | {"rules": rules})
    cup = Cup(organiser, expect(answered, 201)["tournament"]["id"])
    for letter in ascii_uppercase[:players]:
        cup.add(letter)
    return cup


def expect(answered: Answered, status: int) -> dict[str, Any]:
    """The body of an answer that has this status."""
    assert answered.status == status, answered.text
    body: dict[str, Any] = answered.json
    return body
