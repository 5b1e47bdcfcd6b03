"""The console's files: infra/console, as they lie in the checkout and in the function's package.

Which files there are is found out once; a path that is asked is looked up among their names, and
never opened. All are below one folder, named by a hash of them: what has an address never changes.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

_FOLDER = Path(__file__).parents[2] / "infra/console"
_INDEX = "index.html"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# What the first page needs: the browser fetches it at once, and not import by import.
_FIRST = "pages/overview.js"
_IMPORT = re.compile(r'^(?:import|export)\b[^;"]*?"(\.[^"]+)";$', re.MULTILINE)


@dataclass
class File:
    """A file as it is sent."""

    content: bytes
    content_type: str

    @cached_property
    def packed(self) -> bytes:
        """The same with gzip, byte for byte the same each time."""
        return gzip.compress(self.content, 6, mtime=0)


@cache
def load_files() -> dict[str, File]:
    """All files but the page itself, by their names below the folder."""
    found = sorted(path for path in _FOLDER.rglob("*") if path.suffix in _TYPES)
    names = {path.relative_to(_FOLDER).as_posix(): path for path in found}
    return {name: File(path.read_bytes(), _TYPES[path.suffix]) for name, path in names.items()}


@cache
def get_version() -> str:
    """Changes when a file or its name does."""
    digest = hashlib.sha256()
    for name, file in load_files().items():
        digest.update(f"{name}\0{len(file.content)}\0".encode())
        digest.update(file.content)
    return digest.hexdigest()[:16]


@cache
def load_index() -> File:
    """The page, with the addresses of this version's files."""
    files = f"console/{get_version()}"
    links = (f'  <link rel="modulepreload" href="{files}/{name}">\n' for name in list_first())
    page = (_FOLDER / _INDEX).read_text(encoding="utf-8")
    page = page.replace("{files}", files).replace("{preload}", "".join(links))
    return File(page.encode(), "text/html; charset=utf-8")


@cache
def list_first() -> tuple[str, ...]:
    """The modules that the first page imports, and those that they do."""
    files, found = load_files(), ["app.js", _FIRST]
    for name in found:
        base = Path("/", name).parent
        for imported in _IMPORT.findall(files[name].content.decode()):
            target = _normalise(base / imported)
            if target not in found:
                found.append(target)
    return tuple(found)


def _normalise(path: Path) -> str:
    parts: list[str] = []
    for part in path.parts[1:]:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
