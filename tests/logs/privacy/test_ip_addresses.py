"""Addresses: split from ports, judged as evidence, hashed with a key, erased from text."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.logs.privacy import ip_addresses
from functions.logs.privacy.ip_addresses import Evidence

SECRET = b"a secret of the tests"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("203.0.113.9:48878", ("203.0.113.9", 48878)),
        ("203.0.113.9", ("203.0.113.9", None)),
        ("203.0.113.9:0", ("203.0.113.9", 0)),
        ("[2001:db8::1]:27005", ("2001:db8::1", 27005)),
        ("[2001:db8::1]", ("2001:db8::1", None)),
        ("2001:DB8::1", ("2001:DB8::1", None)),
        ("::ffff:203.0.113.9", ("::ffff:203.0.113.9", None)),
        ("203.0.113.9:65536", None),
        ("203.0.113.9:", None),
        ("203.0.113.256", None),
        ("203.0.113.09", None),
        ("203.0.113", None),
        (" 203.0.113.9", None),
        ("[2001:db8::1]:99999", None),
        ("fe80::1%eth0", ("fe80::1", None)),
        ("2001:db8::1%Local Area Connection 2", ("2001:db8::1", None)),
        ("[fe80::1%12]:27005", ("fe80::1", 27005)),
        ("2001:db8::1%", None),
        ("2001:db8::1%" + "x" * 65, None),
        ("2001:db8::1%a%b", None),
        ("2001:db8:::1", None),
        ("loopback", None),
        ("none", None),
        ("Error!", None),
        ("", None),
    ],
)
def test_an_address_is_split_from_its_port(text: str, parts: tuple[str, int | None] | None) -> None:
    assert ip_addresses.split_port(text) == parts


PIECES = st.sampled_from([*"0123456789abf:.%[]", "2001:db8::1", "203.0.113.9", "eth0", "x" * 65])


@given(st.text() | st.lists(PIECES, max_size=8).map("".join))
@example("2001:db8::1%" + "x" * 65)
@example("203.0.113.9:99999")
def test_what_is_no_address_is_no_evidence(text: str) -> None:
    """Regression: what carried `ip_invalid` for its scope was evidence all the same."""
    if ip_addresses.split_port(text) is None:
        assert ip_addresses.get_evidence(text) is None


@given(st.ip_addresses(), st.integers(0, 65535))
def test_every_address_is_known_with_and_without_a_port(address: object, port: int) -> None:
    written = f"[{address}]" if ":" in str(address) else str(address)
    assert ip_addresses.split_port(str(address)) == (str(address), None)
    assert ip_addresses.split_port(f"{written}:{port}") == (str(address), port)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("203.0.113.9", Evidence("203.0.113.9", "203.0.113.0/24")),
        ("198.51.100.4", Evidence("198.51.100.4", "198.51.100.0/24")),
        ("192.0.2.1", Evidence("192.0.2.1", "192.0.2.0/24")),
        ("100.63.255.255", Evidence("100.63.255.255", "100.63.255.0/24")),
        ("100.128.0.1", Evidence("100.128.0.1", "100.128.0.0/24")),
        ("172.32.0.1", Evidence("172.32.0.1", "172.32.0.0/24")),
        ("223.255.255.1", Evidence("223.255.255.1", "223.255.255.0/24")),
        ("2001:db8:1:2:3:4:5:6", Evidence("2001:db8:1:2::/64", "2001:db8:1::/48")),
        ("2001:DB8:1:2::", Evidence("2001:db8:1:2::/64", "2001:db8:1::/48")),
        ("::ffff:203.0.113.9", Evidence("203.0.113.9", "203.0.113.0/24")),
    ],
)
def test_public_addresses_are_evidence(address: str, found: Evidence) -> None:
    assert ip_addresses.get_evidence(address) == found


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "169.254.1.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.168.0.5",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:192.168.0.5",
        "64:ff9b::cb00:7109",
        "fc00::1",
        "fe80::1",
        "ff02::1",
        "2001::1",
        "Error!",
        "none",
        "loopback",
        "203.0.113.9:48878",
        "",
    ],
)
def test_addresses_of_many_or_nobody_are_no_evidence(address: str) -> None:
    assert ip_addresses.get_evidence(address) is None


def test_neighbours_share_a_net_and_not_a_key() -> None:
    one, other = ip_addresses.get_evidence("203.0.113.9"), ip_addresses.get_evidence("203.0.113.77")
    assert one is not None
    assert other is not None
    assert one.net == other.net
    assert one.key != other.key


def test_digests_need_the_secret() -> None:
    digest = ip_addresses.hash_address("203.0.113.9", SECRET)
    assert len(digest) == 32
    assert digest == ip_addresses.hash_address("203.0.113.9", SECRET)
    assert digest != ip_addresses.hash_address("203.0.113.9", b"another secret")
    assert digest != ip_addresses.hash_address("203.0.113.0/24", SECRET)


def test_what_is_erased_is_named_by_its_digest() -> None:
    digest = bytes.fromhex("0a1b2c3d" + "00" * 28)
    assert ip_addresses.mask_ip(digest) == "ip#0a1b2c3d"
    assert ip_addresses.mask_subnet(digest) == "net#0a1b2c3d"


@pytest.mark.parametrize(
    ("text", "address", "left"),
    [
        ("initial spawn ip=203.0.113.9:48878", "203.0.113.9", "initial spawn ip=ip#1:48878"),
        ("203.0.113.9, then 203.0.113.9.", "203.0.113.9", "ip#1, then ip#1."),
        ("203.0.113.90 1203.0.113.9", "203.0.113.9", "203.0.113.90 1203.0.113.9"),
        ("203.0.113.9.4 1.203.0.113.9", "203.0.113.9", "203.0.113.9.4 1.203.0.113.9"),
        ("ip=[2001:db8::1]:27005", "2001:db8::1", "ip=[ip#1]:27005"),
        ("2001:DB8::1 joined", "2001:db8::1", "ip#1 joined"),
        ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:DB8::1", "ip#1"),
        ("2001:db8::12", "2001:db8::1", "2001:db8::12"),
        ("ip=::ffff:203.0.113.9", "::ffff:203.0.113.9", "ip=ip#1"),
        ("from none", "203.0.113.9", "from none"),
    ],
)
def test_an_address_is_scrubbed_from_text(text: str, address: str, left: str) -> None:
    assert ip_addresses.replace_address(text, address, "ip#1") == left


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("203.0.113.9:48878", ["203.0.113.9"]),
        ("[2001:DB8::1]:27005", ["2001:DB8::1"]),
        ("::ffff:203.0.113.9", ["::ffff:203.0.113.9"]),
        (" 203.0.113.9 ", ["203.0.113.9"]),
        ("203.0.113.9:", ["203.0.113.9"]),
        ("203.0.113.9:99999", ["203.0.113.9"]),
        ("[2001:db8::1]:99999", ["2001:db8::1"]),
        ("ip=203.0.113.9, 198.51.100.4:5", ["203.0.113.9", "198.51.100.4"]),
        ("203.0.113.9 203.0.113.9 203.0.113.9", ["203.0.113.9"]),
        (" ".join(f"203.0.113.{n}" for n in range(200)), [f"203.0.113.{n}" for n in range(8)]),
        ("1203.0.113.9.8", []),
        ("Error!", []),
        ("none", []),
        ("loopback", []),
        ("", []),
    ],
)
def test_addresses_are_found_within_a_text(text: str, found: list[str]) -> None:
    assert ip_addresses.find_addresses(text) == found


@given(st.text())
def test_any_text_can_be_looked_through(text: str) -> None:
    for address in ip_addresses.find_addresses(text):
        assert address in text
