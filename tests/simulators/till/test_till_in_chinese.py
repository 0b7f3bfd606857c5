"""A till speaks the language of who stands at it: whole sessions, read for words that are not."""

import re
from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from config.language import chinese_of, chinese_of_message
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
CHINESE = re.compile("[\u4e00-\u9fff]")
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
    tongue.speak(chinese_of, chinese_of_message, is_chinese=True)
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


ON_THE_WIRE = (
    *("wire on", "purchase 601 3", "dip 601 1", "balance 601", "load 601 5", "redeem 601 500"),
    *("void", "purchase 601 9999999", "settle", "sign on", "echo"),
)
FIELD = re.compile(r" {4}(?![\dA-F*]{2} [\dA-F*])(\d{1,3}|[a-z_]{1,20}) +(?P<label>[^\d\W][^\d]*)")
"""A line of the wire that tells of a field; other lines have bytes, or parts of fields."""


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("channel", ["pos", "nac", "mis-json", "mis-iso", "mis-fixed", "softpos"])
async def test_the_wire_beside_a_receipt_names_its_fields_in_chinese(
    place_of: At_, channel: str
) -> None:
    async with till(place_of, channel) as prompt:
        await prompt.open()
        lines = "\n".join(await typed(prompt, *ON_THE_WIRE)).splitlines()
    fields = [match for match in map(FIELD.match, lines) if match and match[1] != "tpdu"]
    assert len(fields) > len(ON_THE_WIRE)
    assert [match[0] for match in fields if not CHINESE.search(match["label"])] == []
    assert max(map(cell_len, lines)) <= WIDTH
