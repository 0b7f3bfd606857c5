"""Which blocks there are, and writing them into the pages of a directory."""

from pathlib import Path
from typing import Final

from config.manual import (
    api,
    cards,
    characters,
    commands,
    demo,
    errors,
    files,
    issuer,
    keys,
    lottery,
    mis,
    operating,
    rules,
    scenarios,
    settings,
    simulators,
    softpos,
    wire,
)
from config.manual.page import Blocks, filled
from terminals.manual import manual

WHOLE: Final[Blocks] = {"dialects.md": manual}
"""Pages that are written whole, by file name."""
BLOCKS: Final[Blocks] = {
    **wire.BLOCKS,
    **characters.BLOCKS,
    **mis.BLOCKS,
    **softpos.BLOCKS,
    **issuer.BLOCKS,
    **rules.BLOCKS,
    **cards.BLOCKS,
    **lottery.BLOCKS,
    **keys.BLOCKS,
    **files.BLOCKS,
    **demo.BLOCKS,
    **commands.BLOCKS,
    **errors.BLOCKS,
    **scenarios.BLOCKS,
    **operating.BLOCKS,
    **simulators.BLOCKS,
    **settings.BLOCKS,
    **api.BLOCKS,
}


def written(directory: Path) -> dict[Path, str]:
    """Every page that has something written into it, as it should be."""
    pages = {directory / name: write() for name, write in WHOLE.items()}
    for file in sorted(directory.glob("*.md")):
        if file not in pages:
            pages[file] = filled(file.read_text("utf-8"), BLOCKS)
    return pages
