"""Whatever a seat says no with has a text."""

import re
from collections import Counter
from pathlib import Path

from host.model.responses import RESPONSE_CODES
from terminals.seat.wanted import BUTTONS
from terminals.web.seat import ADVISED, SHARED
from terminals.web.texts import TEXTS

REASONS_MAX = 3
"""So many are read at a glance, side by side."""
ROOT = Path(__file__).parents[3]


def test_each_reason_has_its_text() -> None:
    sources = [*(ROOT / "switch/seat").glob("*.py"), *(ROOT / "switch/web/counters").glob("*.py")]
    whys = {
        why
        for source in sources
        for why in re.findall(r'NotNowError\("([a-z_]+)"', source.read_text(encoding="utf-8"))
    }
    assert whys >= {"doubt", "busy", "unreached"}
    assert {f"seat_{why}" for why in whys - {"doubt"}} <= TEXTS.keys()
    wanted = (ROOT / "terminals/seat/wanted.py").read_text(encoding="utf-8")
    words = set(re.findall(r'NotWantedError\("([a-z_]+)"', wanted))
    assert words
    assert words <= TEXTS.keys()


def test_each_code_that_is_advised_on_and_each_key_has_its_own() -> None:
    assert {f"seat_advice_{code}" for code in ADVISED} <= TEXTS.keys()
    reasons = Counter(row.f39 for row in RESPONSE_CODES.values())
    assert {code for code, count in reasons.items() if count > REASONS_MAX} == SHARED.keys()
    assert set(SHARED.values()) <= TEXTS.keys()
    assert len({one.key for one in BUTTONS}) == len(BUTTONS)
