"""How a peer is driven: one JSON object a line, a command on stdin and its answer on stdout."""

import argparse
import ctypes
import json
import os
import sys
from collections.abc import Callable, Iterator
from time import perf_counter, sleep

REST = 0.02
"""Seconds before an answer: OpenMP's threads look for work on their core for some milliseconds after a step."""


def arguments(description: str) -> argparse.ArgumentParser:
    """What every peer is told: the model's size, and how many threads it may use."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--size", choices=["XS", "S", "M"], required=True)
    parser.add_argument("--threads", type=int, required=True)
    return parser


def avx512_is_on() -> bool:
    """Whether avx512.c was preloaded. To be asked before torch brings MKL, whose own function has the same name."""
    preloaded = getattr(ctypes.CDLL(None), "mkl_serv_intel_cpu_true", None)
    return preloaded is not None and preloaded() == 1


class Stopwatch:
    """Milliseconds since the last lap, and since the start."""

    def __init__(self) -> None:
        self.start = self.last = perf_counter()

    def lap(self) -> float:
        since, self.last = self.last, perf_counter()
        return 1000 * (self.last - since)

    def total(self) -> float:
        return 1000 * (perf_counter() - self.start)


class Protocol:
    """Keeps stdout for the answers: whatever else is printed, by native code too, goes to stderr."""

    def __init__(self) -> None:
        self._answers = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)

    def answer(self, fields: dict) -> None:
        sleep(REST)
        self._answers.write(json.dumps(fields) + "\n")

    def commands(self) -> Iterator[dict]:
        """Until `quit`, or the end of stdin."""
        for line in sys.stdin:
            command = json.loads(line)
            if command["command"] == "quit":
                return
            yield command

    def serve(self, handlers: dict[str, Callable[..., dict]]) -> None:
        """A command's further fields are its handler's arguments."""
        for command in self.commands():
            name = command.pop("command")
            self.answer(handlers[name](**command))
