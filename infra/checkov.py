"""What checkov finds unsafe in template.yaml: each finding is fixed, or skipped for a reason.

It is given the template as CloudFormation knows it, for it takes no YAML merges, and without what
holds no resources: the API's paths, whose hundreds of integrations it resolves for minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import yaml

from infra.local.sam import ROOT

_HOME = ROOT / ".local/checkov-input"
_LEFT_OUT = (("Api", "DefinitionBody"), ("Dashboard", "DashboardBody"))


class _Forms(yaml.SafeLoader):
    """YAML in which CloudFormation's short forms become its long ones."""


class _Plain(yaml.SafeDumper):
    """YAML without aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _lengthen(loader: _Forms, form: str, node: yaml.Node) -> dict[str, Any]:
    name = form if form in ("Ref", "Condition") else f"Fn::{form}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".", 1) if form == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Forms.add_multi_constructor("!", _lengthen)


def main() -> int:
    """Runs it, without the network; 1 when it finds anything."""
    template = yaml.load((ROOT / "template.yaml").read_text(), _Forms)  # noqa: S506  it is safe
    for resource, name in _LEFT_OUT:
        del template["Resources"][resource]["Properties"][name]
    _HOME.mkdir(parents=True, exist_ok=True)
    file = _HOME / "template.yaml"
    file.write_text(yaml.dump(template, Dumper=_Plain, sort_keys=False))
    words = ["--framework", "cloudformation", "--compact", "--quiet", "--skip-download"]
    command = [str(ROOT / ".local/checkov/bin/checkov"), "-f", str(file), *words]
    # It would ask its maker's service for links to explanations.
    environ = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "LOG_LEVEL": "CRITICAL"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout + done.stderr)
    return min(done.returncode, 1)


if __name__ == "__main__":
    sys.exit(main())
