"""Nothing that lets somebody in is anywhere to be read: not in a table, not in a log."""

import pickle

import msgspec
import psycopg
import pytest
import structlog

from host.link import frames
from host.model.office import Do, Page, Show, sought
from host.model.secrets import Secret
from host.office.looking import read_view
from tests.host.office.conftest import PASSWORD, Bureau


def test_no_password_seed_invitation_session_or_phone_is_kept_in_clear(bureau: Bureau) -> None:
    """S1-28."""
    told = bureau.done(
        bureau.admin, "person.save", _once_key="form", login="li", name="Li",
        role="platform_ops", phone="13800001234",
    )  # fmt: skip
    invitation = told.shown_once["invitation"]
    with structlog.testing.capture_logs() as logs:
        person = bureau.take_up("li", invitation)
        bureau.refused(None, "session.sign_in", login="li", password="a wrong password")
        bureau.done(person, "password.change", old=PASSWORD, new="quite another one", _once_key="f")
    secrets = [
        PASSWORD, "a wrong password", "quite another one", invitation, person.seed,
        person.session.reveal().decode(), "13800001234",
    ]  # fmt: skip
    kept = everything(bureau) + str(logs)
    assert [secret for secret in secrets if secret in kept] == []
    assert repr(person.session) not in secrets


def everything(bureau: Bureau) -> str:
    """Every row of every table as text, bytes read as text, too."""
    texts = []
    with psycopg.connect(bureau.dsns.owner) as owner:
        tables = owner.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        for (table,) in tables:
            for row in owner.execute(f"SELECT * FROM {table}"):
                for value in row:
                    is_bytes = isinstance(value, bytes)
                    texts.append(value.decode("latin-1") if is_bytes else str(value))
    return "\n".join(texts)


NUMBER, PHONE = "9988000000000015", "13800001234"


def test_a_number_that_is_looked_for_is_shown_nowhere_on_its_way(bureau: Bureau) -> None:
    """S1-27, S1-46: not as it is asked, not on the link, not in an error, a log or a table."""
    asked = Show(session=bureau.admin.session, view="cards", filters=sought({"number": NUMBER}))
    [frame] = frames.LinkReader().feed(frames.encode(frames.Show(7, asked)))
    assert isinstance(frame, frames.Show)
    with structlog.testing.capture_logs() as logs:
        found = read_view(bureau.office, bureau.connection, frame.asked)
        phone = Show(session=bureau.admin.session, view="cards", filters=sought({"phone": PHONE}))
        read_view(bureau.office, bureau.connection, phone)
        wrong = bureau.look(bureau.admin, "cards", filters={"card": NUMBER * 9})
    assert isinstance(found, Page)
    assert len(found.rows) == 1
    said = [repr(asked), str(frame), repr(phone), repr(asked.filters), str(wrong), str(logs)]
    said.append(everything(bureau))
    assert [one for one in said if NUMBER in one or PHONE in one] == []
    with pytest.raises(TypeError):
        msgspec.json.encode(asked)
    with pytest.raises(TypeError):
        pickle.dumps(asked)


@pytest.mark.parametrize("asked", ["values", "code"])
def test_what_is_asked_hides_what_is_typed_in(asked: str) -> None:
    told = Do(action="x", values=Secret(b"hunter22222"), code=Secret(b"123456"))
    assert "hunter22222" not in repr(told)
    assert "123456" not in repr(told)
    assert asked in repr(told)
