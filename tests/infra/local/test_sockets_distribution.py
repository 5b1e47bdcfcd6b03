"""The distribution's functions: what they do in Node is what the local edge does in Python."""

from __future__ import annotations

import random
import re
from typing import Any
from urllib.parse import parse_qsl

import pytest
import yaml

from infra.local import sockets
from infra.local.gateway import Template
from infra.local.sam import ROOT
from tests.support import node

EDGE = ROOT / "infra" / "edge"
TABLE = [
    ("/ws/battles/1", ""),
    ("/ws/battle/1/", "token=t"),
    ("/v1/ws/battles/b-1_c", "ticket=a%20b&batch=true"),
    ("/v1/ws/battle/1", ""),
    ("/ws/battles/1", "ticket=t&last_seq=7&epoch=e"),
    ("/ws/chat", "token=t"),
    ("/ws/chat/", ""),
    ("/ws/battles/1", "battle=2&token=t&battle=3"),
    ("/ws/chat", "battle=2"),
    ("/ws/battles/1", "b%61ttle=2&tavern=&a=&%zz=1&%=2&BATTLE=3"),
    ("/ws/battles/1%26battle=2", ""),
    ("/ws/battles/é", ""),
    ("/ws/battles/1\n", ""),
    ("/ws/battles/", ""),
    ("/ws/battles/1//", ""),
    ("/ws/battles/1/more", ""),
    ("/v1/ws/chat", ""),
    ("/WS/chat", ""),
    ("/api/ws/battles/1", ""),
]


def to_event(path: str, query: str) -> dict[str, Any]:
    """A viewer request as CloudFront hands it to a function: nothing is decoded."""
    asked: dict[str, Any] = {}
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        entry = asked.setdefault(name, {"value": value, "multiValue": []})
        entry["value"] = value
        entry["multiValue"].append({"value": value})
    for entry in asked.values():
        if len(entry["multiValue"]) == 1:
            del entry["multiValue"]
    return {
        "version": "1.0",
        "viewer": {"ip": "2001:db8::1"},
        "request": {
            "method": "GET",
            "uri": path,
            "querystring": asked,
            "headers": {"host": {"value": "d1.example.net"}},
        },
    }


def read_query(answer: dict[str, Any]) -> list[tuple[str, str]] | None:
    """What a function let through, as API Gateway reads it; None for an answer of its own."""
    if "statusCode" in answer:
        assert answer["statusCode"] == 404
        return None
    assert answer["uri"] == "/live"
    parts = [
        f"{name}={one['value']}"
        for name, entry in answer["querystring"].items()
        for one in entry.get("multiValue", [entry])
    ]
    return sorted(parse_qsl("&".join(parts), keep_blank_values=True))


def check(cases: list[tuple[str, str]]) -> list[bool]:
    """Whether each case is a socket, once both edges say the same of it."""
    answers = node.call(EDGE / "sockets.js", "handler", [to_event(*case) for case in cases])
    for case, answer in zip(cases, answers, strict=True):
        rewritten = sockets.query(*case)
        expected = None
        if rewritten is not None:
            expected = sorted(parse_qsl(rewritten, keep_blank_values=True))
        assert read_query(answer) == expected, case
    return [sockets.query(*case) is not None for case in cases]


def test_both_edges_rewrite_the_table_alike() -> None:
    assert check(TABLE) == [True] * 10 + [False] * 9


@pytest.mark.parametrize("seed", range(3))
def test_both_edges_rewrite_anything_alike(seed: int) -> None:
    chance = random.Random(seed)
    pieces = [
        "/",
        "/ws",
        "/v1",
        "/battle",
        "/battles",
        "/chat",
        "s",
        "1",
        "-",
        "_",
        "%2F",
        "é",
        "&",
    ]
    names = [
        "battle",
        "tavern",
        "token",
        "%62attle",
        "battl%65",
        "%E0%A4%A",
        "Battle",
        "+battle",
        "a",
    ]
    starts = ["/ws/battle/", "/v1/ws/battles/", "/ws/chat", ""]
    cases = [
        (
            chance.choice(starts) + "".join(chance.choices(pieces, k=chance.randrange(4))),
            "&".join(f"{name}=v{n}" for n, name in enumerate(chance.choices(names, k=3))),
        )
        for _ in range(500)
    ]
    assert 20 < sum(check(cases)) < 480


def test_who_calls_and_where_is_the_viewers_whatever_it_says() -> None:
    event = to_event("/api/auth/login", "a=1")
    event["request"]["headers"] |= {
        "cloudfront-viewer-address": {"value": "203.0.113.9:1"},
        "x-forwarded-host": {"value": "elsewhere.example.org"},
    }
    [answer] = node.call(EDGE / "viewer.js", "handler", [event])
    assert answer["headers"] == {
        "host": {"value": "d1.example.net"},
        "cloudfront-viewer-address": {"value": "2001:db8::1:0"},
        "x-forwarded-host": {"value": "d1.example.net"},
    }
    assert (answer["uri"], answer["querystring"]) == ("/api/auth/login", {"a": {"value": "1"}})


def test_the_template_deploys_these_functions() -> None:
    template = yaml.load((ROOT / "template.yaml").read_text(), Template)
    for name, file in (("SocketPaths", "sockets.js"), ("ViewerAddress", "viewer.js")):
        deployed = template["Resources"][name]["Properties"]
        assert deployed["FunctionCode"] == (EDGE / file).read_text()
        assert deployed["AutoPublish"] is True
        assert len(deployed["FunctionCode"].encode()) < 10 * 1024  # CloudFront takes no more


def test_the_functions_are_of_the_javascript_that_both_runtimes_take() -> None:
    """Runtime 1.0 is ECMAScript 5.1, but for a few things that are not used here either."""
    newer = re.compile(r"\b(let|const|class|async|await|import)\b|=>|`|\?\.|\?\?|\(\?<")
    for file in EDGE.glob("*.js"):
        code = re.sub(r"//.*", "", file.read_text())
        assert not newer.search(code), file.name


def test_every_socket_path_is_the_sockets_behaviour() -> None:
    template = yaml.load((ROOT / "template.yaml").read_text(), Template)
    distribution = template["Resources"]["Edge"]["Properties"]["DistributionConfig"]
    behaviours = {one["PathPattern"]: one for one in distribution["CacheBehaviors"]}
    console = behaviours.pop("/console/*")
    assert console["TargetOriginId"] == "rest"
    assert {one["TargetOriginId"] for one in behaviours.values()} == {"sockets"}
    for path, query in TABLE:
        if sockets.query(path, query):
            assert any(path.startswith(pattern.rstrip("*")) for pattern in behaviours)
    rest = template["Resources"]["Api"]["Properties"]["DefinitionBody"]["paths"]
    assert not [path for path in rest if path.startswith(("/ws", "/v1/ws/"))]
    assert "Logging" not in distribution
