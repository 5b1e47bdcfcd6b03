"""Tiltyard, warm: the Lambda handler of app.py."""

from app import handler
from tests.benchmarks import callee

if __name__ == "__main__":
    callee.serve(handler)
