"""Visitors of the demo come in by a link: once, for minutes, on the machine itself alone."""

import psycopg
import pytest

from host.model.office import Done
from host.model.secrets import Secret
from host.office.visitors import LINK_GOOD, PAY_PIN, VISITORS, Link, make_links
from tests.host.office.conftest import Bureau, Person, code_at

HERE = "web/127.0.0.1"


@pytest.fixture
def demo(bureau: Bureau) -> Bureau:
    """An office whose estate says that it is the demo's."""
    bureau.sql("UPDATE setting SET value = 'demo' WHERE name = 'estate'")
    return bureau


def links(bureau: Bureau) -> dict[str, Link]:
    with psycopg.connect(bureau.dsns.owner, autocommit=True) as owner:
        return {one.visitor.role: one for one in make_links(owner, bureau.hsm, bureau.now)}


def visit(bureau: Bureau, link: Link, source: str = HERE) -> Done | str:
    token = link.token.reveal().decode()
    told = bureau.do(None, "session.visit", token=token, _source=source)
    return told if isinstance(told, Done) else told.code


def test_a_link_lets_each_role_in_once_with_its_proofs(demo: Bureau) -> None:
    made = links(demo)
    assert list(made) == [one.role for one in VISITORS if one.role != "enterprise_hr"]
    for role, link in made.items():
        told = visit(demo, link)
        assert isinstance(told, Done), (role, told)
        assert told.told["role"] == role
        who = Person(told.subject, session=Secret(told.shown_once["session"].encode()))
        if role == "member":
            assert told.shown_once["pay_pin"].encode() == PAY_PIN.reveal()
            assert isinstance(demo.show(who, "wallet").rows, list)
        else:
            who.seed = told.shown_once["seed"]
            demo.later(seconds=31)
            code = Secret(code_at(who.seed, demo.now).encode())
            assert len(code) == 6
            assert demo.do(who, "session.sign_out") is not None
        assert visit(demo, link) == "E-VISIT"


def test_a_link_is_good_for_minutes_and_the_newest_is_the_only_one(demo: Bureau) -> None:
    before, made = links(demo), links(demo)
    assert visit(demo, before["service"]) == "E-VISIT"
    demo.now += LINK_GOOD
    assert visit(demo, made["service"]) == "E-VISIT"


def test_a_link_is_nothing_from_elsewhere_and_in_no_other_house(demo: Bureau) -> None:
    made = links(demo)
    for source in ("web/10.0.0.1", "cli/root", "127.0.0.1", "web/localhost", ""):
        assert visit(demo, made["service"], source) == "E-VISIT", source
    demo.sql("UPDATE setting SET value = 'office' WHERE name = 'estate'")
    assert visit(demo, made["service"]) == "E-VISIT"
    demo.sql("UPDATE setting SET value = 'demo' WHERE name = 'estate'")
    assert isinstance(visit(demo, made["service"], "web/::1"), Done)


def test_an_invitation_of_somebody_else_is_no_link_and_a_link_is_no_invitation(
    demo: Bureau,
) -> None:
    told = demo.done(
        demo.admin, "person.save", login="ann", name="Ann", role="auditor", scope="platform"
    )
    token = told.shown_once["invitation"]
    assert demo.refused(None, "session.visit", token=token, _source=HERE) == "E-VISIT"
    link = links(demo)["service"]
    accept = {"token": link.token.reveal().decode(), "new": "seven green otters"}
    assert demo.refused(None, "invitation.accept", **accept) == "E-INVITATION"
    demo.take_up("ann", token)


def test_of_a_link_only_a_hash_is_kept(demo: Bureau) -> None:
    link = links(demo)["service"]
    visit(demo, link)
    token = link.token.reveal().decode()
    found = demo.sql(
        "SELECT concat(i.*) FROM invitation AS i UNION ALL SELECT concat(a.*) FROM history AS a"
        " UNION ALL SELECT concat(o.*) FROM once_key AS o"
    )
    assert found
    assert not [row for row in found if token in row[0]]
