"""Loads of a bench: generators in processes of their own, ready before their clocks start."""

import subprocess
from typing import Final

import msgspec

from config.isolation import module_command
from config.run.children import READY
from simulators.load import LoadReport

_STARTS_BY_ITSELF: Final = "linkload"
"""A module whose name ends so waits for its order without being told to."""


class Load:
    """A load generator, prepared and waiting."""

    def __init__(self, module: str, **told: object) -> None:
        words = [f"--{name.replace('_', '-')}={value}" for name, value in told.items()]
        wait = [] if module.endswith(_STARTS_BY_ITSELF) else ["--wait"]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            module_command(module, *wait, *words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline().strip()
        assert ready == READY.encode(), ready

    def run(self) -> bytes:
        """Let it start; its report when it has done all it was told to."""
        self.start()
        assert self._process.stdout is not None
        report = self._process.stdout.read()
        self.finish()
        return report

    def start(self) -> None:
        """Let it start."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")
        self._process.stdin.flush()

    def finish(self) -> bytes:
        """Its report when it has ended; one that may go on is told to end."""
        report, _ = self._process.communicate()
        return report


def run_wire_load(**told: object) -> LoadReport:
    """Purchases over the wire, by the settings of `simulators.load`; every one is approved."""
    report = msgspec.json.decode(Load("simulators.load", **told).run(), type=LoadReport)
    assert report.is_clean, (report.codes, report.macs_wrong, report.answered, report.sent)
    return report
