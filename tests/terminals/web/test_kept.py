"""What stands in a form that came back, and in the others of its page."""

from host.model.catalogue import ActionTold
from terminals.web.kept import NOTHING, Kept

WRITE = ActionTold(id="mail.answer", en="", zh="", about="", fields=[])
KEPT = Kept(action=WRITE, typed={"mail": ["7"], "text": ["<b>"], "empty": []})


def test_what_was_typed_is_in_its_own_form_alone() -> None:
    assert KEPT.value("mail.answer", "text") == "<b>"
    assert KEPT.value("mail.answer", "text", "first", mail=7) == "<b>"
    assert KEPT.value("mail.answer", "text", "first", mail=8) == "first"
    assert KEPT.value("mail.write", "text", "first") == "first"
    assert (KEPT.is_of("mail.answer", mail=7), KEPT.is_of("mail.write")) == (True, False)


def test_what_was_not_sent_is_as_it_stands_at_first() -> None:
    assert KEPT.value("mail.answer", "minutes", 60) == "60"
    assert KEPT.value("mail.answer", "empty", "first") == ""
    assert (NOTHING.value("mail.answer", "text", "first"), NOTHING.one("text")) == ("first", "")
