"""Sightings after a rotation of the signing keys: who shared an address still does."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from functions.logs.alts import alt_allowlist
from functions.logs.privacy import ip_addresses, ip_rehash, ip_sightings
from functions.shared import db
from functions.shared.secrets import get_secrets
from tests.support.client import Client
from tests.support.logs.panel import NOW, connect, send

ANA, BO = "STEAM_0:1:101", "STEAM_0:1:102"
IP = "203.0.113.9"
NOON = datetime.combine(NOW.date() - timedelta(days=3), datetime.min.time(), UTC).replace(hour=12)


def rotate(setting: Callable[..., None], number: int) -> None:
    """Puts another key before those there are."""
    keys = [key.decode() for key in get_secrets().signing_secrets]
    setting(SIGNING_KEYS=json.dumps([f"signing key {number} of this test, which is long", *keys]))


def seen() -> list[db.Row]:
    return db.query(
        """
        select steam_id, ip_hash, subnet_hash, events, first_at, last_at, address
        from logs.sightings
        order by steam_id, ip_hash
        """
    )


def test_with_one_key_there_is_nothing_to_do(game: Client) -> None:
    send(game, connect(ANA, IP, NOON))
    before = seen()
    assert ip_rehash.rehash() == 0
    assert seen() == before


def test_an_address_has_one_hash_again_after_a_rotation(
    game: Client, setting: Callable[..., None]
) -> None:
    send(game, connect(ANA, IP, NOON), connect(BO, IP, NOON))
    # Of Bo the address is erased: Ana's tells the hash.
    db.query("update logs.sightings set address = null where steam_id = %s", (BO,))
    for number in (1, 2):
        rotate(setting, number)
        send(game, connect(ANA, IP, NOON + timedelta(minutes=number)))
    assert len({row["ip_hash"] for row in seen()}) == 3
    assert ip_rehash.rehash() == 2
    ana, bo = seen()
    newest = get_secrets().signing_secrets[0]
    for row in (ana, bo):
        assert row["ip_hash"] == ip_addresses.hash_address(IP, newest)
        assert row["subnet_hash"] == ip_addresses.hash_address("203.0.113.0/24", newest)
    assert (ana["events"], ana["address"], bo["events"], bo["address"]) == (3, IP, 1, None)
    assert (ana["first_at"], ana["last_at"]) == (NOON, NOON + timedelta(minutes=2))
    assert ip_rehash.rehash() == 0


def test_an_allowed_network_stays_allowed(store: str, setting: Callable[..., None]) -> None:
    network = "203.0.113.0/24"
    alt_allowlist.add(alt_allowlist.NewAllowance(network=network, reason="a school"), "Rita")
    before = ip_addresses.hash_address(network, ip_sightings.get_hash_key())
    rotate(setting, 1)
    after = ip_addresses.hash_address(network, ip_sightings.get_hash_key())
    assert alt_allowlist.list_allowed_groups().networks == {before, after}
