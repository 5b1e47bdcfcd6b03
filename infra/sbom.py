"""What is deployed and not ours, as a CycloneDX bill of materials that `make build` writes.

It names the packages of each layer as their locks pin them, the libraries that are compiled into
these, and the JavaScript that the site carries. The same build gives the same file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import uuid
from collections.abc import Iterator
from importlib.metadata import metadata
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from infra.local.locks import read_pins
from infra.local.sam import ROOT
from infra.package import LAYERS
from infra.version import get_version

FILE = "sbom.json"
VENDORED = (ROOT / "functions/site/swagger_ui", ROOT / "infra/console/vendor")
_NPM = re.compile(r"([a-z][\w-]*) (\d+\.\d+\.\d+)", re.IGNORECASE)
_NAMESPACE = uuid.UUID("6f1b6d3a-6c53-4f0e-9d0b-6f6f8a1f7c55")


def write(build: Path) -> Path:
    """Describes the build in a folder; returns the file."""
    document = json.loads(JsonV1Dot6(describe(build)).output_as_string())
    del document["metadata"]["timestamp"]  # no build of the same has another one
    file = build / FILE
    file.write_text(json.dumps(document, indent=1) + "\n")
    return file


def describe(build: Path) -> Bom:
    """What the build in a folder holds that is not ours."""
    components = [*_list_packages(), *_list_libraries(build), *list_vendored()]
    told = "\n".join(sorted(f"{one.bom_ref.value} {one.hashes}" for one in components))
    number = uuid.uuid5(_NAMESPACE, f"{get_version()}\n{told}")
    bom = Bom(components=components, serial_number=number)
    bom.metadata.component = Component(
        name="tiltyard", version=get_version(), type=ComponentType.APPLICATION, bom_ref="tiltyard"
    )
    bom.register_dependency(bom.metadata.component, components)
    return bom


def list_vendored() -> Iterator[Component]:
    """The npm packages of which files are kept here, by the first lines of their SHA256SUMS."""
    for folder in VENDORED:
        lines = (folder / "SHA256SUMS").read_text().splitlines()
        for name, version in _NPM.findall(lines[0]):
            component = _component(PackageURL("npm", name=name.lower(), version=version))
            place = folder.relative_to(ROOT).as_posix()
            component.properties.add(Property(name="tiltyard:folder", value=place))
            yield component


def _list_packages() -> Iterator[Component]:
    """What the locks of the layers pin. Licences are those that this environment's copies state."""
    found: dict[PackageURL, Component] = {}
    for lock in LAYERS.values():
        place = lock.relative_to(ROOT).as_posix()
        for name, version in read_pins(lock).items():
            url = PackageURL("pypi", name=name, version=version)
            component = found.setdefault(url, _component(url))
            component.properties.add(Property(name="tiltyard:lock", value=place))
            about = metadata(name)
            license = about["License-Expression"] or about["License"]
            component.licenses.add(LicenseFactory().make_from_string(license))
    yield from found.values()


def _list_libraries(build: Path) -> Iterator[Component]:
    """Compiled code, of which no lock tells: such as the OpenSSL in a wheel."""
    for file in sorted(build.glob("*/python/**/*.so*")):
        inside = file.relative_to(build).as_posix()
        yield Component(
            name=file.name,
            type=ComponentType.FILE,
            bom_ref=inside,
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=_digest(file))],
        )


def _component(url: PackageURL) -> Component:
    return Component(
        name=url.name,
        version=url.version,
        type=ComponentType.LIBRARY,
        purl=url,
        bom_ref=str(url),
    )


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main() -> int:
    """Write it for the last `make build`, and say where it is."""
    parser = argparse.ArgumentParser(prog="make sbom", description=__doc__)
    parser.add_argument("--build-dir", type=Path, default=ROOT / ".aws-sam" / "build")
    given = parser.parse_args()
    if not (given.build_dir / "template.yaml").exists():
        print(f"Nothing is built in {given.build_dir}: run `make build` first.", file=sys.stderr)
        return 1
    print(write(given.build_dir))
    return 0


if __name__ == "__main__":
    sys.exit(main())
