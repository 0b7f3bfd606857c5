"""The pictures of docs/console.md are there, small, and of each screen there is one."""

import re
from pathlib import Path

from PIL import Image

from terminals.web.screens import SCREENS
from tests.switch.web.screens import BYTES_MAX

DOCS = Path(__file__).parents[3] / "docs"
PICTURES = DOCS / "screens"
PICTURES_MAX = 25
LANGUAGES = ("zh", "en")
AS_OTHERS = {
    "card_face": "a preview beside a form, as a sheet of vouchers has",
    "me_mail": "what was written, and a form below, as points have",
    "me_pickup": "one list and one form, as the wallet; its code is as the pay code",
    "me_payment": "what became of one thing, as of a gift that was given",
    "me_profile": "a form of a name and a birthday, as the pay PIN's",
    "me_stores": "a list of cards with a link each, as the wallet",
    "pickups": "rows with a button each, as approvals",
    "profile": "facts and buttons, as a card has",
    "stores_today": "live figures in a list, as the first page has",
}
"""Screens that look as one that has a picture, and how."""


def named() -> set[str]:
    """Those that the page shows."""
    text = (DOCS / "console.md").read_text("utf-8")
    return set(re.findall(r"!\[[^\]]+\]\(screens/([a-z-]+\.png)\)", text))


def test_each_picture_that_is_named_is_there_and_none_besides() -> None:
    there = {one.name for one in PICTURES.iterdir()}
    assert there == named()
    assert len(there) <= PICTURES_MAX


def test_each_screen_has_a_picture() -> None:
    there = {one.rsplit("-", 1)[0] for one in named()}
    wanted = SCREENS.keys() - AS_OTHERS.keys()
    assert [one for one in sorted(wanted) if one.replace("_", "-") not in there] == []


def test_pictures_are_small_and_of_both_languages_phones_and_desks() -> None:
    widths, languages = set(), set()
    for one in PICTURES.iterdir():
        assert one.stat().st_size <= BYTES_MAX, one.name
        with Image.open(one) as picture:
            picture.verify()
            widths.add(picture.width)
        languages.add(one.stem.rsplit("-", 1)[1])
    assert languages == set(LANGUAGES)
    assert len(widths) == 2
