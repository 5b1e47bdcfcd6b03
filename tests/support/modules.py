"""What modules of the console compute, in Node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.support.node import find_node

CONSOLE = Path(__file__).parents[2] / "infra/console"
# lit-html looks at these as soon as it is imported.
_DOCUMENT = """
globalThis.document = { createComment: () => ({}), createTreeWalker: () => ({}) };
"""


def evaluate(module: str, expression: str, given: Any = None) -> Any:
    """The value of an expression in which `m` is the module, and `given` a value of JSON."""
    script = f"""
{_DOCUMENT}
const m = await import({json.dumps((CONSOLE / module).as_uri())});
const given = JSON.parse({json.dumps(json.dumps(given))});
console.log(JSON.stringify(await ({expression}) ?? null));
"""
    done = subprocess.run(
        [find_node(), "--input-type=module", "-e", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
