"""A till speaks the language of who stands at it: whole sessions, read for words that are not."""

import re
from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from config.language import chinese_of
from host.estate.demo import CARD_NAMES
from simulators.till.cards import STRANGERS
from simulators.till.commands import COMMANDS
from simulators.till.magic import magic_text
from simulators.till.screen import WIDTH
from simulators.till.words import tongue
from tests.simulators.scripted import ESTATE
from tests.simulators.till.test_prompt import At_, till, typed

TYPED = {
    *(word for one in COMMANDS for name in (one.name, *one.also) for word in name.split()),
    *(word for one in COMMANDS for word in one.example.split()),
    *CARD_NAMES,
    *STRANGERS,
    *(
        "pin",
        "help",
        "quit",
        "posswitch",
        "simulate",
        "prompt",
        "terminal",
        "exceptions",
        "describe",
    ),
    *(
        "pos",
        "md",
        "zz",
        "issuer",
        "issuers",
        "docs",
        "channels",
        "estate",
        "demo",
        "up",
        "lake",
        "pear",
    ),
}
"""English for everybody: what is typed."""
NAMES = re.compile(
    "|".join(
        [re.escape(store.name) for store in ESTATE.stores]
        + ["City Card", "Lake Bank", "Pear Mall Card", "Lantern Books", "Pear", "CNY", "PIN", "POS"]
        + ["MAC", "CARD", "AMOUNT", "POINTS", "TIMES", "LAYOUT", "CODE", "TEXT", "Tab", "Ctrl"]
    )
)
SESSION = (
    *("help", "help purchase", "help sign on", "help settle", "balance 601", "purchase 601 12.34"),
    *("dip 601 1", "void", "refund 5.00", "load 601 50", "check load 601", "points 601"),
    *("redeem 601 500", "redeem union 601 100", "earn 601 20", "batch", "echo", "parameters"),
    *("status no paper", "purchase frozen 5", "purchase 601 9999999", "lose answer 2"),
    *("purchase 601 3", "mend", "mend", "repeat", "reverse", "history", "receipt #1", "cards"),
    *("amounts", "explain 51", "explain 38", "explain ZZ", "wire on", "wire off", "settle 1"),
    *("settle", "sign off", "sign on", "purchase", "purchase x 1", "purchase 601 1.234", "dance"),
    *(
        "refund #99",
        "wire maybe",
        "redeem 601 1.5",
        "explain 5",
        "purchase 601 1 pin 12",
        "bye bye",
    ),
    *(
        "purchase 601 12345678901234",
        "lose answer 0",
        "receipt #x",
        "purchase 6011 1 2",
        "late answer",
    ),
)


@pytest.fixture
def chinese() -> Iterator[None]:
    tongue.speak(chinese_of, is_chinese=True)
    yield
    tongue.speak(str, is_chinese=False)


def english_in(text: str) -> list[str]:
    """Lines with words that are neither Chinese nor typed, nor anybody's name."""
    return [line for line in text.splitlines() if words_of(line) - TYPED]


def words_of(line: str) -> set[str]:
    ours = NAMES.sub("", re.sub("'[^']*'", "", line))
    return set(re.findall(r"[a-z]{2,}", ours.lower().replace("-", " ")))


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("channel", ["pos", "nac", "mis-json", "softpos"])
async def test_a_session_at_a_till_is_chinese_but_for_what_is_typed(
    place_of: At_, channel: str
) -> None:
    async with till(place_of, channel) as prompt:
        said = [await prompt.open(), *(await typed(prompt, *SESSION)), prompt.summary()]
    assert "\n".join(english_in("\n".join(said))) == ""
    assert "批准" in said[5]


@pytest.mark.usefixtures("chinese")
def test_the_table_of_what_gives_each_decline_is_chinese() -> None:
    text = magic_text()
    assert "\n".join(english_in(text)) == ""
    assert max(map(cell_len, text.splitlines())) <= WIDTH
