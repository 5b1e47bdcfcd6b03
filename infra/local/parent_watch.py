"""Runs a program that cannot outlive whoever started it: `python parent_watch.py MODULE-OR-FILE`.

The starter keeps the other end of our standard input. However it ends, SIGKILL included, that end
is closed, and then we and all our children go. Works on every Unix and from any thread, which the
kernel's own parent-death signal does not.
"""

import os
import runpy
import signal
import sys
import threading


def _hold() -> None:
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    os.setsid()  # a group of our own: the children are in it, the starter is not
    threading.Thread(target=_hold, daemon=True).start()
    sys.path.pop(0)  # this folder, whose names would shadow others
    sys.argv.pop(0)
    run = runpy.run_path if sys.argv[0].endswith(".py") else runpy.run_module
    run(sys.argv[0], run_name="__main__")
