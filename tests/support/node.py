"""JavaScript for tests: the Node of the machine, or a private one that is fetched when needed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from infra.local import environments


def find_node() -> str:
    """The program that runs a script."""
    return shutil.which("node") or install_node()


def install_node() -> str:
    """A Node below .local/, of the version that node.txt pins."""
    environments.ensure_ready("node")
    return str(environments.find_node())


def call(file: Path, function: str, arguments: list[Any]) -> list[Any]:
    """What a function of a file returns for each argument."""
    script = (
        f"{file.read_text()}\n"
        f"const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n"
        f"console.log(JSON.stringify(given.map(one => {function}(one))));"
    )
    done = subprocess.run(
        [find_node(), "-e", script],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers
