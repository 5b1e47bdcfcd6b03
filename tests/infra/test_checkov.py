"""checkov: what it is given, and that nothing is skipped without a reason."""

from __future__ import annotations

import re

import pytest
import yaml

from infra import checkov
from infra.local.gateway import Template
from infra.local.sam import ROOT


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref Api", {"Ref": "Api"}),
        ("!Condition InVpc", {"Condition": "InVpc"}),
        ("!GetAtt Logs.Arn", {"Fn::GetAtt": ["Logs", "Arn"]}),
        ('!Sub "${Api}/x"', {"Fn::Sub": "${Api}/x"}),
        ("!If [InVpc, !Ref A, 1]", {"Fn::If": ["InVpc", {"Ref": "A"}, 1]}),
    ],
)
def test_short_forms_become_long_ones(short: str, long: object) -> None:
    assert yaml.load(short, checkov._Forms) == long


def test_every_skip_has_a_reason() -> None:
    resources = yaml.load((ROOT / "template.yaml").read_text(), Template)["Resources"]
    skips = [
        skip
        for one in resources.values()
        for skip in one.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert skips
    for skip in skips:
        assert re.fullmatch(r"CKV_AWS_\d+", skip["id"])
        assert len(skip["comment"].split()) >= 3
