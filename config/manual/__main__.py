"""`python -m config.manual [DIRECTORY]`: write every block of the pages, in `docs` unless told."""

import sys
from pathlib import Path

from config.manual.pages import written


def main(directory: Path) -> None:
    """Write them all."""
    for file, text in written(directory).items():
        file.write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
