"""Two small demos of one seed, which those read who look at what a demo says and leaves."""

import subprocess
from pathlib import Path

import pytest

from tests.quickly import command

SMALL = ("--seconds", "4", "--terminals", "12", "--seed", "1")
DEMO_SECONDS_MAX = 240


@pytest.fixture(scope="package")
def demos(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, str]]:
    """Side by side: where their records are, and what they said. The last one's house is opened
    again by who walks through it, so they lie deeper than where a module leaves no cluster behind.
    """
    homes = [tmp_path_factory.mktemp("demo") / "a" / "data" for _ in range(2)]
    for home in homes:
        home.parent.mkdir(mode=0o711)
    running = [
        subprocess.Popen(
            command("demo", "--data", home, *SMALL),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for home in homes
    ]
    said = [each.communicate(timeout=DEMO_SECONDS_MAX)[0] for each in running]
    for each, text in zip(running, said, strict=True):
        assert each.returncode == 0, text
    return list(zip(homes, said, strict=True))
