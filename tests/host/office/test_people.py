"""People: signing in, what keeps them out, rights given and taken."""

import pytest
from argon2 import PasswordHasher

from host.model.secrets import Secret
from host.office import passwords
from host.office.passwords import is_password
from tests.host.office.conftest import HOME, PASSWORD, Bureau, Person


def test_a_person_invited_signs_in_with_password_and_code(empty_bureau: Bureau) -> None:
    """S1-47."""
    person = empty_bureau.person("merchant_owner")
    empty_bureau.sign_in(person)
    assert [row["login"] for row in empty_bureau.rows(person, "people")] == [person.login]


def test_whatever_is_wrong_at_the_door_is_told_in_one_text(bureau: Bureau) -> None:
    person = bureau.person("platform_ops")
    told = {
        str(bureau.do(None, "session.sign_in", login=login, password=password, code=code))
        for login, password, code in (
            ("nobody", PASSWORD, "000000"),
            (person.login, "another password", bureau.code(person)),
            (person.login, PASSWORD, "000000"),
        )
    }
    assert len(told) == 1
    assert "E-SIGN-IN" in told.pop()


def test_five_wrong_passwords_shut_a_login_for_a_quarter_of_an_hour(bureau: Bureau) -> None:
    person = bureau.person("platform_ops")
    for _ in range(5):
        bureau.refused(None, "session.sign_in", login=person.login, password="wrong wrong")
    right = {"login": person.login, "password": PASSWORD}
    assert bureau.refused(None, "session.sign_in", code=bureau.code(person), **right) == "E-SIGN-IN"
    assert bureau.refused(person, "session.sign_out") == "E-SIGNED-OUT"
    bureau.later(minutes=15)
    bureau.sign_in(person)


def test_a_code_is_good_once(bureau: Bureau) -> None:
    person = bureau.person("platform_ops")
    told = {"login": person.login, "password": PASSWORD, "code": bureau.code(person)}
    bureau.done(None, "session.sign_in", **told)
    assert bureau.refused(None, "session.sign_in", **told) == "E-SIGN-IN"


def test_an_invitation_is_good_once_for_a_day(bureau: Bureau) -> None:
    login = bureau.person("platform_ops").login
    told = bureau.with_code(
        bureau.admin, "person.reset", login=login, which=["password"], note="forgotten"
    )
    token = told.shown_once["invitation"]
    bureau.done(None, "invitation.accept", token=token, new="another fine one")
    assert bureau.refused(None, "invitation.accept", token=token, new=PASSWORD) == "E-INVITATION"
    done = bureau.done(bureau.admin, "person.save", login="late", name="Late", role="platform_ops")
    bureau.later(hours=24)
    late = {"token": done.shown_once["invitation"], "new": PASSWORD}
    assert bureau.refused(None, "invitation.accept", **late) == "E-INVITATION"


def test_a_password_costs_who_guesses_64_mib_and_three_passes_whether_or_not_there_is_one(
    hasher_in_life: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_HASHER", hasher_in_life)
    kept = passwords.hash_password(Secret(PASSWORD.encode()))
    for each in (kept, passwords._nobodys.__wrapped__()):
        assert each.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert is_password(Secret(PASSWORD.encode()), kept)
    assert not is_password(Secret(b"seven green otter"), kept)


def test_an_operator_changes_the_password_and_signs_in_by_the_new_one(bureau: Bureau) -> None:
    """S4-20: whoever was signed in elsewhere by the old one is out."""
    person = bureau.person("merchant_operator")
    elsewhere = Person(person.login, seed=person.seed)
    bureau.sign_in(elsewhere)
    bureau.done(person, "password.change", old=PASSWORD, new="quite another one")
    assert bureau.refused(elsewhere, "session.sign_out") == "E-SIGNED-OUT"
    told = {"login": person.login, "password": PASSWORD, "code": bureau.code(person)}
    assert bureau.refused(None, "session.sign_in", **told) == "E-SIGN-IN"
    person.password = "quite another one"
    bureau.sign_in(person)


def test_easy_passwords_are_refused(bureau: Bureau) -> None:
    """S4-49: an operator of the platform chooses another one, which is none of those."""
    person = bureau.person("platform_ops")
    for easy in ("short", "password123", "1234567890", "aaaaaaaaaaaa", f"my {person.login} is it"):
        told = bureau.do(person, "password.change", old=PASSWORD, new=easy)
        assert "E-PASSWORD" in str(told), easy
    assert bureau.refused(person, "password.change", old="not this one", new="x") == "E-OLD"
    bureau.done(person, "password.change", old=PASSWORD, new="quite another one")


def test_nobody_gives_a_role_that_is_not_theirs_to_give(bureau: Bureau) -> None:
    """S2-09."""
    owner = bureau.person("merchant_owner")
    told = {"name": "Clerk", "scope": "merchant", "scope_key": HOME["merchant"]}
    assert bureau.refused(owner, "person.save", login="a1", role="store_clerk", **told) == "E-FIELD"
    assert bureau.refused(
        owner, "person.save", login="a2", name="X", role="platform_ops", scope="platform"
    ) == "E-NOT-FOUND"  # fmt: skip
    done = bureau.done(owner, "person.save", login="a3", role="merchant_operator", **told)
    assert "invitation" in done.shown_once


def test_maker_and_opener_of_an_issuers_batches_are_two(bureau: Bureau) -> None:
    maker = bureau.person("batch_maker")
    told = bureau.with_code(
        bureau.admin, "person.grant", login=maker.login, role="batch_owner", scope="issuer",
        scope_key=HOME["issuer"],
    )  # fmt: skip
    assert "E-CONFLICT" in str(told)


def test_the_last_administrator_stays(empty_bureau: Bureau) -> None:
    [grant] = [one["id"] for one in empty_bureau.rows(empty_bureau.admin, "grants", login="root")]
    assert (
        empty_bureau.refused(empty_bureau.admin, "person.revoke", grant=grant, note="leaves us")
        == "E-LAST"
    )


def test_who_is_locked_is_out_at_once(bureau: Bureau) -> None:
    """S4-19."""
    person = bureau.person("platform_ops")
    bureau.done(bureau.admin, "person.lock", login=person.login, note="lost laptop")
    assert bureau.refused(person, "session.sign_out") == "E-SIGNED-OUT"
    told = bureau.with_code(
        bureau.admin, "person.lock", login=person.login, is_locked=False, note="found again"
    )
    assert told.after["state"] == "active"


def test_history_has_a_line_for_all_that_was_done_and_refused(bureau: Bureau) -> None:
    """S1-37, S1-38."""
    person = bureau.person("platform_ops")
    bureau.refused(person, "person.lock", login="root", note="just because")
    lines = bureau.rows(bureau.admin, "audit", person=person.login)
    assert ["person.lock", "E-NOT-YOUR-ROLE"] in [[one["action"], one["outcome"]] for one in lines]


def test_a_person_without_codes_may_only_enrol(bureau: Bureau) -> None:
    told = bureau.do(bureau.admin, "person.save", login="new", name="New", role="platform_ops")
    who = Person("new")
    bureau.done(None, "invitation.accept", token=told.shown_once["invitation"], new=PASSWORD)
    bureau.sign_in(who)
    assert bureau.look(who, "merchants").code == "E-ENROL"
    assert bureau.refused(who, "merchant.save", merchant_id="1" * 15) == "E-ENROL"


def test_who_is_responsible_for_card_batches_hands_them_over_before_they_go(bureau: Bureau) -> None:
    """S4-19."""
    going, heir = bureau.person("issuer_manager"), bureau.person("issuer_manager")
    product = bureau.done(
        going, "product.revise", issuer=HOME["issuer"], code="GIFT", name="Gift", form="virtual",
        face_minor_min=10_000, valid_days=365,
    ).subject  # fmt: skip
    batch = bureau.done(
        going, "card_batch.create", product=int(product), name="Autumn", cards=1,
        responsible=going.login,
    ).subject  # fmt: skip
    asked = {"login": going.login, "note": "has left us"}
    told = bureau.with_code(bureau.admin, "person.disable", **asked)
    assert told.code == "E-OWNS"
    assert batch in told.en
    to_oneself = bureau.with_code(bureau.admin, "person.disable", **asked, hand_over_to=going.login)
    assert to_oneself.code == "E-FIELD"
    done = bureau.with_code(bureau.admin, "person.disable", **asked, hand_over_to=heir.login)
    assert done.told == {"handed_over": [batch]}
    assert bureau.rows(heir, "card_batches", batch=batch)[0]["responsible"] == heir.login


def test_people_are_found_by_a_role_that_they_hold_now(bureau: Bureau) -> None:
    """S4-19."""
    risk, owner = bureau.person("risk"), bureau.person("merchant_owner")
    found = [row["login"] for row in bureau.rows(bureau.admin, "people", role="risk")]
    assert found == [risk.login]
    grant = bureau.rows(bureau.admin, "grants", login=risk.login)[0]["id"]
    bureau.done(bureau.admin, "person.revoke", grant=grant, note="another task")
    assert bureau.rows(bureau.admin, "people", role="risk") == []
    assert [row["login"] for row in bureau.rows(owner, "people", role="merchant_owner")] == [
        owner.login
    ]


@pytest.mark.parametrize(
    ("role", "scope"),
    [("issuer_manager", "issuer"), ("merchant_owner", "merchant"), ("store_manager", "store")],
)
def test_who_signs_in_reads_at_whom_they_act_by_its_own_name(
    bureau: Bureau, role: str, scope: str
) -> None:
    """S1-47, S3-26: and so does history."""
    who = bureau.person(role, scope)
    words = f"{role}@{scope}/{HOME[scope]}"
    assert bureau.sign_in(who).told["acting_as"] == words
    bureau.refused(who, "setting.set", setting="invitation_hours", figure=24, note="mine alone")
    assert bureau.rows(bureau.admin, "audit", person=who.login)[0]["acting_as"] == words
