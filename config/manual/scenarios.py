"""The shipped scenarios, for those who write their own."""

from pathlib import Path
from typing import Final

from config.manual.page import Blocks, table
from simulators import scenario
from simulators.scenario import ACTS, asks_the_ledger, read_scenario

SHIPPED: Final = Path(scenario.__file__).parent / "scenarios"


def _shipped() -> str:
    stories = [(file.name, read_scenario(file)) for file in sorted(SHIPPED.glob("*.toml"))]
    rows = (
        (f"`{name}`", story.title, story.channel, "yes" if asks_the_ledger(story) else "")
        for name, story in stories
    )
    return table(("file", "story", "channel", "legs and balances"), rows)


def _acts() -> str:
    return ", ".join(f"`{name}`" for name in ACTS)


BLOCKS: Final[Blocks] = {"scenarios.shipped": _shipped, "scenarios.acts": _acts}
