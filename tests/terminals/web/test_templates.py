"""Templates: what jinja does not refuse and a page would be wrong by."""

from collections import Counter
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

TEMPLATES = Path(__file__).parents[3] / "terminals" / "web" / "templates"


@pytest.mark.parametrize("path", sorted(TEMPLATES.iterdir()), ids=lambda path: path.name)
def test_a_template_makes_each_macro_and_each_block_once(path: Path) -> None:
    """Of two macros of one name jinja takes the later, for all that call either."""
    tree = Environment(autoescape=True).parse(path.read_text("utf-8"))
    made = [("macro", one.name) for one in tree.find_all(nodes.Macro)]
    made += [("block", one.name) for one in tree.find_all(nodes.Block)]
    assert [one for one, times in Counter(made).items() if times > 1] == []
