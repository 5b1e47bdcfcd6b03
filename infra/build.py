"""Builds the template for AWS: `make build`, for one runtime and CPU, TILTYARD_TARGET.

The built template takes no other ones than those: its layer and its functions cannot disagree.
Beside it is sbom.json, which names what is in the build and not ours.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

from infra import sbom
from infra.local import sam
from infra.local.cloud import CloudError
from infra.package import LAMBDA, PINS, PackageError, Target

_PARAMETER = r"(?m)^  {name}:\n(?:    .*\n)+"


def build(name: str, into: Path) -> int:
    """Builds for a target such as `python3.13-arm64`; the exit code of SAM."""
    target = Target.parse(name)
    if not target.architecture:
        raise PackageError(f"TILTYARD_TARGET is {name!r}: Lambda needs one such as {LAMBDA}.")
    chosen = {"Runtime": f"python{target.python}", "Architecture": target.architecture}
    words = ["build", "--build-dir", str(into), "--parameter-overrides"]
    words += [f'{parameter}="{value}"' for parameter, value in chosen.items()]
    process = sam.start(words, {"TILTYARD_TARGET": name, PINS: "1"})
    try:
        failed = process.wait()
    finally:
        sam.stop(process)
    if not failed:
        template = into / "template.yaml"
        template.write_text(pin_parameters(template.read_text(), chosen))
        sbom.write(into)
    return failed


def pin_parameters(template: str, chosen: dict[str, str]) -> str:
    """The built template, in which these parameters can have no other value."""
    for name, value in chosen.items():
        only = (
            f"  {name}:\n    Type: String\n    Default: {value}\n    AllowedValues:\n"
            f"    - {value}\n    Description: What the layer was built for\n"
        )
        template, found = re.subn(_PARAMETER.format(name=name), only, template, count=1)
        if not found:
            raise PackageError(f"The built template has no parameter {name}.")
    return template


def main() -> int:
    """Do what TILTYARD_TARGET says; exit 1 with a sentence when it cannot be done."""
    parser = argparse.ArgumentParser(prog="make build", description=__doc__)
    parser.add_argument("--build-dir", type=Path, default=sam.ROOT / ".aws-sam" / "build")
    given = parser.parse_args()
    try:
        return build(os.environ.get("TILTYARD_TARGET") or LAMBDA, given.build_dir)
    except (CloudError, PackageError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
