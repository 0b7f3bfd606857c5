"""Which tests and scenarios show which capability: they name its id, and this lists them.

python -m tests.capabilities            # every id, and what shows it
python -m tests.capabilities --missing  # those that nothing shows
"""

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
LIST = Path(__file__).with_name("capabilities.toml")
SCENARIOS = ROOT / "simulators" / "scenarios"
ID = re.compile(r"\bS[1-4]-\d\d\b")
RANGE = re.compile(r"\b(S[1-4])-(\d\d)\.\.(?:S[1-4]-)?(\d\d)\b")


class Lists(NamedTuple):
    """What the product owes, by id a sentence."""

    claimed: Mapping[str, str]
    owed: Mapping[str, str]


def lists() -> Lists:
    """As they are written."""
    return Lists(**tomllib.loads(LIST.read_text("utf-8")))


def shown() -> dict[str, list[str]]:
    """Of every id that is named anywhere: the tests, `file::name`, and the scenarios, by file."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for where, text in (*_tests(), *_scenarios()):
        for each in ids_in(text):
            found[each].append(where)
    return dict(found)


def ids_in(text: str) -> list[str]:
    """The ids that a text names, in order; `S1-01..03` names three."""
    spelled = RANGE.sub(
        lambda told: " ".join(
            f"{told[1]}-{number:02d}" for number in range(int(told[2]), int(told[3]) + 1)
        ),
        text,
    )
    return list(dict.fromkeys(ID.findall(spelled)))


def _tests() -> Iterator[tuple[str, str]]:
    """Tests and what their docstrings say."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                said = ast.get_docstring(node)
                if said and node.name.startswith("test_"):
                    yield f"{file.relative_to(ROOT)}::{node.name}", said


def _scenarios() -> Iterator[tuple[str, str]]:
    """Scenarios and what is written in them."""
    for file in sorted(SCENARIOS.glob("*.toml")):
        yield str(file.relative_to(ROOT)), file.read_text("utf-8")


def lines(*, missing_alone: bool) -> Iterator[str]:
    """Every id and what shows it, or those alone that nothing shows."""
    found, (claimed, owed) = shown(), lists()
    everything = {**claimed, **owed}
    for each in sorted({*everything, *found}):
        places = found.get(each, [])
        if not (missing_alone and places):
            yield f"{each}  {everything.get(each, 'of another list')}"
            yield from (f"       {place}" for place in places)
    yield f"{sum(each in found for each in everything)} of {len(everything)} are shown"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in lines(missing_alone="--missing" in sys.argv[1:]))
