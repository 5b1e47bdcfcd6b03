"""How far something is: a bar on a terminal, a few lines elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO

_WIDTH = 40


@dataclass(frozen=True)
class Progress:
    """Call it with what is done and the whole."""

    out: TextIO
    what: str

    def __call__(self, done: int, whole: int) -> None:
        if self.out.isatty():
            bar = "#" * (_WIDTH * done // whole)
            self.out.write(f"\r[{bar:<{_WIDTH}}] {done}/{whole} {self.what}")
            self.out.write("\n" if done == whole else "")
        elif 4 * done // whole > 4 * (done - 1) // whole:
            self.out.write(f"{done} of {whole} {self.what}\n")
        self.out.flush()
