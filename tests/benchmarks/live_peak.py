"""The live function, with nothing but its imports done, and the bytes that it takes."""

from functions.live import handlers
from functions.live.kinds import load_kinds
from tests.benchmarks import peak

if __name__ == "__main__":
    load_kinds()
    peak.serve(handlers.sockets)
