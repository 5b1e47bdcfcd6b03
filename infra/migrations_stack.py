"""The stack of migrations: MigrateFunction and what it needs, cut out of the built template.

CloudFormation changes all functions of a stack together. So that the database has its new schema
before any of them does, the function that migrates is deployed as a stack of its own first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

ENTRY = "MigrateFunction"
_KEPT = ("AWSTemplateFormatVersion", "Transform", "Parameters", "Conditions", "Globals", "Rules")
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")


def cut_out(template: dict[str, Any]) -> dict[str, Any]:
    """A template with the function and whatever it refers to, and no other resource."""
    resources = template["Resources"]
    wanted: list[str] = [ENTRY, *_referred(template.get("Globals", {}))]
    kept: dict[str, Any] = {}
    while wanted:
        name = wanted.pop()
        if name in resources and name not in kept:
            kept[name] = resources[name]
            wanted += _referred(resources[name])
    kept |= _find_policies(resources, kept)
    return {
        **{part: template[part] for part in _KEPT if part in template},
        "Description": "Migrates the database of a Tiltyard before its functions change",
        "Resources": kept,
        "Outputs": {ENTRY: {"Value": {"Ref": ENTRY}}},
    }


def _find_policies(resources: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """Policies of roles that are kept, for these alone: it is the policy that names the roles."""
    found = {}
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Policy":
            properties = resource["Properties"]
            roles = [role for role in properties["Roles"] if role.get("Ref") in kept]
            if roles:
                found[name] = resource | {"Properties": properties | {"Roles": roles}}
    return found


def _referred(part: Any) -> Iterator[str]:
    """Names that a part of a built template refers to, in the long forms that SAM writes."""
    if isinstance(part, list):
        for one in part:
            yield from _referred(one)
    if not isinstance(part, dict):
        return
    for key, value in part.items():
        if key in ("Ref", "DependsOn") and isinstance(value, str):
            yield value
        elif key == "DependsOn":
            yield from value
        elif key == "Fn::GetAtt":
            yield value.split(".")[0] if isinstance(value, str) else value[0]
        elif key == "Fn::Sub":
            yield from _VARIABLE.findall(value if isinstance(value, str) else value[0])
            yield from _referred(value)
        else:
            yield from _referred(value)
