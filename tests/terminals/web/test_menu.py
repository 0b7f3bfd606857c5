"""The first page: each row of the office's tables has its place there."""

from host.office.tables import ACTIONS, VIEWS
from terminals.web.menu import AREAS, NOT_OFFERED
from terminals.web.texts import TEXTS


def test_each_view_and_action_is_of_one_area() -> None:
    for view in VIEWS:
        assert sum(view in area.views for area in AREAS) == 1, view
    for action in ACTIONS.values():
        if action.is_entry or action.id in NOT_OFFERED:
            continue
        subject = action.id.partition(".")[0]
        assert sum(subject in area.subjects for area in AREAS) == 1, action.id


def test_every_text_is_in_both_languages() -> None:
    for name, text in TEXTS.items():
        assert text.en, name
        assert text.zh, name
