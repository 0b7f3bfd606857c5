"""Templates: what jinja does not refuse and a page would be wrong by."""

import re
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


FORM = re.compile(r"<form[^>]*action=\"/me/do/[a-z_.]+\".*?</form>", re.DOTALL)
ENDS = r"(?=<label|<small|<button|<input|$)"
TYPED = re.compile(rf"<(?:input(?! type=\"hidden\")|textarea|select)[^>]*name=.*?{ENDS}", re.DOTALL)


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("me_*.html")), ids=lambda path: path.name)
def test_what_members_typed_stands_there_again_once_it_is_refused(path: Path) -> None:
    """Each field of each of their forms asks what was typed into it."""
    forms = FORM.findall(path.read_text("utf-8"))
    for form in forms:
        for field in TYPED.findall(form):
            assert "kept." in field or "to_store" in field, field


def test_the_forms_of_members_are_looked_at() -> None:
    found = [
        form for path in TEMPLATES.glob("me_*.html") for form in FORM.findall(path.read_text())
    ]
    assert len([field for form in found for field in TYPED.findall(form)]) >= 15
