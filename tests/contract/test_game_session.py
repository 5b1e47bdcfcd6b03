"""The example session of the web game's contract, as far as it is not a battle."""

from __future__ import annotations

from typing import Any

from tests.support.accounts import register
from tests.support.client import Client


def test_the_session_up_to_the_battle(store: str) -> None:
    token = register("Mira_K").json["access_token"]
    mira = Client({"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    me = mira.get("/api/player/me").json
    assert (me["username"], me["level"], me["gold"]) == ("Mira_K", 1, 1000)

    def purchase(**body: Any) -> tuple[int, Any]:
        answered = mira.post("/api/shop/purchase", body)
        return answered.status, answered.json

    status, bought = purchase(item_id="crossbow-1", currency="gold")
    assert (status, bought["message"]) == (200, "Purchased Oak Crossbow!")
    assert (bought["gold_remaining"], bought["gems_remaining"]) == (910, 0)
    assert purchase(item_id="fury-10", currency="gems") == (
        400,
        {"detail": "Insufficient gems (need 50, have 0)"},
    )
    assert purchase(item_id="crossbow-1", use_gems=True) == (
        400,
        {"detail": "Item cannot be bought with gems"},
    )
    status, potion = purchase(item_id="fury-10", currency="gold")
    assert (status, potion["gold_remaining"]) == (200, 610)
    equipped = mira.post(
        "/api/inventory/equip",
        {"item_id": int(bought["item_id"]), "slot": "weapon", "set_type": "attack"},
    ).json
    assert equipped["equipment_set"]["weapon"]["name"] == "Oak Crossbow"
    assert equipped["stats"] == {"attack": 14, "defense": 0, "hp": 0}
    used = mira.post(f"/api/inventory/use-potion/{potion['item_id']}").json
    assert used["message"] == "Your blows hit 10 times as hard for 5 minutes."
    assert used["remaining_quantity"] == 0
    assert mira.get("/api/player/me").json["active_buffs"] == [used["buff_applied"]]
