"""Tiltyard, warm: the handler of app.py, and the bytes that it takes."""

from app import handler
from tests.benchmarks import peak

if __name__ == "__main__":
    peak.serve(handler)
