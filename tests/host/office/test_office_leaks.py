"""Nothing that lets somebody in is anywhere to be read: not in a table, not in a log."""

import psycopg
import pytest
import structlog

from host.model.office import Do
from host.model.secrets import Secret
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


@pytest.mark.parametrize("asked", ["values", "code"])
def test_what_is_asked_hides_what_is_typed_in(asked: str) -> None:
    told = Do(action="x", values=Secret(b"hunter22222"), code=Secret(b"123456"))
    assert "hunter22222" not in repr(told)
    assert "123456" not in repr(told)
    assert asked in repr(told)
