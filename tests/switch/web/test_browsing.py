"""No test with a browser reads, or presses keys of, a page that may be half there."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
READS = (
    *("content", "evaluate", "eval_on_selector", "get_attribute", "inner_text", "input_value"),
    *("is_visible", "locator", "query_selector", "query_selector_all", "text_content", "title"),
)
PAGES = ("page", "phone", "tablet", "other")
HALF_THERE = re.compile(rf"\b({'|'.join(PAGES)})\.(({'|'.join(READS)})\(|keyboard|mouse)")


def test_each_test_reads_a_page_that_is_ready() -> None:
    """What is clicked leads to a page that is shown before the end of it has come."""
    browsing = [
        file
        for file in sorted(TESTS.rglob("test_*.py"))
        if "playwright" in file.read_text(encoding="utf-8")
    ]
    assert len(browsing) > 10
    found = [
        (file.name, number, line.strip())
        for file in browsing
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if HALF_THERE.search(line)
    ]
    assert found == []
