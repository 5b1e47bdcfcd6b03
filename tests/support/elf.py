"""What a shared library says of the machine that it is for, and of the C library that it needs."""

from __future__ import annotations

import re
import struct
from pathlib import Path

MACHINES = {"arm64": 183, "x86_64": 62}  # e_machine
_MAGIC = b"\x7fELF"
_VERNEED = 0x6FFFFFFE  # sh_type of .gnu.version_r
_GLIBC = re.compile(rb"GLIBC_(\d+)\.(\d+)(?:\.\d+)?")


def is_elf(file: Path) -> bool:
    """True for a library, an object or a program."""
    with file.open("rb") as opened:
        return opened.read(4) == _MAGIC


def read_machine(file: Path) -> int:
    """Its e_machine; all of ours have 64 bits, the low byte first."""
    head = file.read_bytes()[:20]
    assert head[:6] == _MAGIC + b"\x02\x01", file
    machine: int = struct.unpack_from("<H", head, 18)[0]
    return machine


def read_glibc(file: Path) -> tuple[int, int]:
    """The newest version of glibc of which it needs anything; (0, 0) if of none."""
    raw = file.read_bytes()
    versions = [
        (int(major), int(minor))
        for table in _version_needs(raw)
        for major, minor in (found.groups() for found in map(_GLIBC.fullmatch, table) if found)
    ]
    return max(versions, default=(0, 0))


def _version_needs(raw: bytes) -> list[list[bytes]]:
    """The names in each .gnu.version_r section."""
    offset, size, count = (
        struct.unpack_from("<Q", raw, 0x28)[0],
        *struct.unpack_from("<HH", raw, 0x3A),
    )
    sections = [struct.unpack_from("<IIQQQQIIQQ", raw, offset + size * n) for n in range(count)]
    return [
        list(_read_names(raw, section[4], sections[section[6]][4]))
        for section in sections
        if section[1] == _VERNEED
    ]


def _read_names(raw: bytes, table: int, strings: int) -> list[bytes]:
    """Names of the versions in a table of Verneed and Vernaux records."""
    names, need = [], table
    while True:
        _, count, _, first, following = struct.unpack_from("<HHIII", raw, need)
        auxiliary = need + first
        for _ in range(count):
            name, step = struct.unpack_from("<II", raw, auxiliary + 8)
            names.append(raw[strings + name : raw.index(b"\0", strings + name)])
            auxiliary += step
        if not following:
            return names
        need += following
