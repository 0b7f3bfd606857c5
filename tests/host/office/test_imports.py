"""What comes in by files: whole or not at all, each fault by its line and column."""

import base64
import re
from typing import Any

import pytest

from host.model.office import Done, Refused, Told, Waiting
from host.model.secrets import Secret
from host.office.members_in import MEMBER_COLUMNS
from host.office.reading import read_rows
from host.office.refusals import Refusal
from tests.host.office.conftest import HOME, Bureau, Person
from tests.host.office.test_stock import Issuer


@pytest.fixture(scope="module")
def house(shared_bureau: Bureau) -> Issuer:
    return Issuer(shared_bureau)


@pytest.fixture
def issuer(house: Issuer) -> Issuer:
    """Its people, signed in again."""
    house.bureau.later(minutes=16)
    for who in (house.manager, house.maker, house.owner, house.bureau.admin):
        house.bureau.sign_in(who)
    return house


def sent(bureau: Bureau, who: Person, content: bytes) -> int:
    told = bureau.done(
        who, "file.send", name="rows.csv", content=base64.b64encode(content).decode()
    )
    return int(told.told["file"])


ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}")


def faults_of(content: bytes) -> str:
    """In English; in Chinese there is no English phrase in it."""
    with pytest.raises(Refusal) as refused:
        read_rows(Secret(content), MEMBER_COLUMNS, unique="phone")
    assert refused.value.code == "E-FILE-ROWS"
    assert ENGLISH.search(refused.value.zh) is None, refused.value.zh
    return str(refused.value)


ROWS = "phone,name\n13800001111,Wang\n13800002222,王小明\n"


@pytest.mark.parametrize(
    "content",
    [
        ROWS.encode(),
        ROWS.encode("utf-8-sig"),
        ROWS.encode("utf-16"),
        ROWS.replace("\n", "\r\n").encode(),
        ROWS.rstrip("\n").encode(),
        ROWS.replace("phone,name", "手机,名称").encode(),
        ROWS.replace("Wang", '" Wang "').encode() + b"\n\n",
        "name,phone\nWang,13800001111\n王小明,13800002222\n".encode(),
    ],
)
def test_rows_are_read_however_a_program_for_tables_saves_them(content: bytes) -> None:
    lines = read_rows(Secret(content), MEMBER_COLUMNS, unique="phone")
    assert [line.cells["phone"] for line in lines] == ["13800001111", "13800002222"]
    assert [line.cells["name"] for line in lines] == ["Wang", "王小明"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the column is missing"),
        (b"phone,name\n", "no rows"),
        (b"phone,colour\n13800001111,red\n", "line 1, column 2: its head is none of: name, phone"),
        (b"name\nWang\n", "line 1, phone: the column is missing"),
        (b"phone,phone\n13800001111,13800001111\n", "line 1, phone: the column is there twice"),
        (b"phone\n1380000\n", "line 2, phone: not 11 digits"),
        (b"phone\n=1+1\n", "line 2, phone: not 11 digits"),
        (b"phone\n13800001111\n13800001111\n", "line 3, phone: twice: it stands in line 2"),
        (b"phone,name\n13800001111\n", "line 2: 1 cells, and there are 2 columns"),
        (b'phone,name\n13800001111,"Wan', "line 2: it is no CSV"),
        (b"phone,name\n13800001111,Wang\n1380000222", "line 3: 1 cells"),
        (b"phone,name\n13800001111,W\x00ng\n", "line 2: it has a NUL"),
        ("phone,name\n13800001111,王小明\n".encode("gbk"), "in GBK, as Excel saves it"),
        (b"phone,name\n13800001111,\xff\xff\xff\n", "line 2: it is no text in utf-8"),
        ("phone\n13800001111\n".encode("utf-16-le"), "it has a NUL"),
        (b"\xff\xfephone", "no text in utf-16"),
        (b"phone,name\n13800001111," + b"x" * 1_000_000 + b"\n", "line 2: it is longer than 4096"),
        (b"phone,name\n13800001111," + b"x" * 41, "line 2, name: longer than 40"),
        ("phone,name\n13800001111,a\u202eb".encode(), "line 2, name: it has letters"),
        (b"PK\x03\x04rest", "it is a workbook"),
        (bytes.fromhex("d0cf11e0a1b11ae1"), "it is a workbook"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "it is no text"),
        (b"phone\n" + b"1\n" * 100_002, "not 11 digits"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_rows_is_a_sentence_with_its_place(content: bytes, said: str) -> None:
    told = faults_of(content)
    assert said in told, told
    assert len(told) < 2_000


def test_a_fault_is_told_in_chinese_with_its_place_and_its_column() -> None:
    with pytest.raises(Refusal) as refused:
        read_rows(Secret(b"phone,name\n1380000,Wang\n"), MEMBER_COLUMNS, unique="phone")
    assert refused.value.zh == "文件未导入: 第 2 行, 手机: 不是 11 位, 也不是国家码加号码"


def test_a_number_without_a_head_over_it_is_not_repeated() -> None:
    told = faults_of(b"13800001111\n13800002222\n")
    assert "line 1, column 1" in told
    assert "1380000" not in told


def test_more_rows_than_a_file_has_are_refused() -> None:
    many = "phone\n" + "".join(f"138{at:08d}\n" for at in range(100_001))
    assert "more than 100000 rows" in faults_of(many.encode())


# Members. ---------------------------------------------------------------------------------------


def asked(issuer: Issuer, file: int, **more: Any) -> Told:
    told = {"issuer": HOME["issuer"], "file": file, "note": "from the old house", **more}
    if more.get("_is_dry_run"):
        return issuer.bureau.do(issuer.manager, "member.import", **told)
    return issuer.bureau.with_code(issuer.manager, "member.import", **told)


def agreed(issuer: Issuer, told: Told) -> Told:
    assert isinstance(told, Waiting), told
    return issuer.bureau.with_code(
        issuer.bureau.admin, "approval.decide", approval=told.approval, decision="approve"
    )


def members(bureau: Bureau) -> int:
    return int(bureau.sql("SELECT count(*) FROM member")[0][0])


def test_members_come_by_a_file_that_another_person_agrees_to(issuer: Issuer) -> None:
    """S4-28, S3-18."""
    bureau, before = issuer.bureau, members(issuer.bureau)
    rows = "phone,name\n" + "".join(f"139{at:08d},Member {at}\n" for at in range(250))
    file = sent(bureau, issuer.manager, rows.encode())
    dry = asked(issuer, file, _is_dry_run=True)
    assert isinstance(dry, Done), dry
    assert dry.told == {"members": 250}, "and no number of a job that is not there"
    assert "job" not in dry.after
    assert bureau.sql("SELECT count(*) FROM job WHERE action = 'member.import'") == [(0,)]
    told = agreed(issuer, asked(issuer, file))
    assert isinstance(told, Done), told
    assert members(bureau) == before, "a job takes them"
    bureau.do_jobs()
    assert members(bureau) == before + 250
    assert bureau.sql("SELECT state FROM office_file WHERE id = %s", file) == [("gone",)]
    sealed = bureau.sql("SELECT phone_hash, phone_sealed FROM member WHERE name = 'Member 7'")
    place = f"phone/{bytes(sealed[0][0]).hex()}"
    opened = bureau.office.hsm.open_secret(bytes(sealed[0][1]), place)
    assert opened.reveal() == b"13900000007"


def test_members_are_looked_for_by_several_things_at_once(issuer: Issuer) -> None:
    """S4-27."""
    bureau = issuer.bureau
    content = b"phone,name\n13755559871,Zhao Yi\n13755559872,Zhao Er\n13755569871,Zhou\n"
    agreed(issuer, asked(issuer, sent(bureau, issuer.manager, content), merchant=None))
    bureau.do_jobs()
    bureau.sql("UPDATE member SET state = 'frozen' WHERE name = 'Zhao Er'")
    found = bureau.rows(bureau.admin, "members", phone_last="9871", state="active")
    assert [(one["name"], one["phone"]) for one in found][:2] == [("Z*", "137****9871")] * 2
    assert bureau.rows(bureau.admin, "members", phone_last="9872", state="active") == []
    [one] = bureau.rows(bureau.admin, "members", phone_last="9872", state="frozen")
    assert one["phone"] == "137****9872"


def test_one_bad_line_keeps_all_members_out(issuer: Issuer) -> None:
    bureau, before = issuer.bureau, members(issuer.bureau)
    file = sent(bureau, issuer.manager, b"phone\n13711110000\n137\n13711110001\n")
    told = asked(issuer, file)
    assert isinstance(told, Refused)
    assert told.code == "E-FILE-ROWS"
    assert "line 3, phone" in told.en
    assert members(bureau) == before


def test_a_phone_that_a_member_has_is_named_by_line(issuer: Issuer) -> None:
    bureau = issuer.bureau
    content = b"phone\n13722220000\n13722220001\n"
    first = sent(bureau, issuer.manager, content)
    again = sent(bureau, issuer.manager, content)
    waiting = asked(issuer, again)
    told = agreed(issuer, asked(issuer, first))
    assert isinstance(told, Done), told
    bureau.do_jobs()
    before = members(bureau)
    told = asked(issuer, again)
    assert isinstance(told, Refused)
    assert "line 2, phone: a member has it already; line 3, phone" in told.en
    late = agreed(issuer, waiting)
    assert isinstance(late, Refused), "what was good when it was asked is looked at again"
    assert late.code == "E-FILE-ROWS"
    assert members(bureau) == before


def test_a_file_with_members_whom_others_know_is_taken_as_one_of_strangers(issuer: Issuer) -> None:
    """S4-28: nobody learns from it who is a member elsewhere; brought twice, they are named."""
    bureau = issuer.bureau
    owner = bureau.person("merchant_owner")
    known = bureau.done(
        owner, "member.add", phone="13788880001", merchant=HOME["merchant"], name="Wang"
    ).subject
    content = b"phone,name\n13788880000,Li\n13788880001,Li\n"
    file, again = (sent(bureau, issuer.manager, content) for _ in range(2))
    dry = asked(issuer, file, _is_dry_run=True)
    assert isinstance(dry, Done), dry
    assert isinstance(agreed(issuer, asked(issuer, file)), Done)
    before = members(bureau)
    bureau.do_jobs()
    assert members(bureau) == before + 2
    assert bureau.sql("SELECT name, merchant_id IS NOT NULL FROM member WHERE id = %s", known) == [
        ("Wang", True)
    ]
    told = asked(issuer, again)
    assert isinstance(told, Refused)
    assert "line 2, phone: a member has it already; line 3, phone" in told.en


def test_a_job_of_members_that_meets_one_meanwhile_takes_none(issuer: Issuer) -> None:
    bureau = issuer.bureau
    file = sent(bureau, issuer.manager, b"phone\n13733330000\n13733330001\n")
    agreed(issuer, asked(issuer, file))
    bureau.sql(
        "INSERT INTO member (phone_hash, phone_sealed, phone_masked, made_by, made_at, record_at,"
        " issuer_id) SELECT %s, '', '', 'x', now(), 'issuer/' || i.id, i.id FROM issuer AS i"
        " WHERE i.institution_id = %s",
        bureau.office.hsm.hash_secret(Secret(b"13733330001"), "phone"),
        HOME["issuer"],
    )
    before = members(bureau)
    bureau.do_jobs()
    [row] = [one for one in bureau.rows(issuer.manager, "jobs") if one["state"] == "failed"]
    assert "somebody has one of them meanwhile" in row["error"]
    assert members(bureau) == before


def test_a_file_is_its_senders_alone(issuer: Issuer) -> None:
    bureau = issuer.bureau
    file = sent(bureau, issuer.maker, b"phone\n13744440000\n")
    told = asked(issuer, file)
    assert isinstance(told, Refused)
    assert (told.code, told.field) == ("E-NOT-FOUND", "file")
    told = asked(issuer, 10**9)
    assert isinstance(told, Refused)
    assert told.code == "E-NOT-FOUND"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "E-FIELD"),
        ("not base64!", "E-FIELD"),
        (base64.b64encode(bytes(4 * 1024 * 1024 + 1)).decode(), "E-TOO-LARGE"),
        ("A" * (6 * 1024 * 1024), "E-TOO-LARGE"),
    ],
)
def test_a_file_that_cannot_be_sent_is_refused(issuer: Issuer, content: str, code: str) -> None:
    assert issuer.bureau.refused(issuer.maker, "file.send", name="x", content=content) == code


# Shipments. -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plastic(house: Issuer) -> Issuer:
    """Of a product that is plastic, with a card maker."""
    bureau = house.bureau
    vendor = bureau.done(
        house.manager, "vendor.save", issuer=HOME["issuer"], name="Heng Bao", contact="Zhang"
    ).subject
    house.plastic = int(  # type: ignore[attr-defined]
        bureau.done(
            house.manager, "product.revise", issuer=HOME["issuer"], code="PLASTIC", name="Plastic",
            form="physical", face_minor_min=10_000, valid_days=365,
        ).subject
    )  # fmt: skip
    house.vendor = int(vendor)  # type: ignore[attr-defined]
    return house


def batch_of(issuer: Issuer, plastic: Any, cards: int = 5) -> str:
    made = issuer.bureau.done(
        issuer.maker, "card_batch.create", product=plastic.plastic, name="Plastic", cards=cards,
        responsible=issuer.manager.login, vendor=plastic.vendor,
    )  # fmt: skip
    issuer.bureau.do_jobs()
    return made.subject


def numbers(bureau: Bureau) -> list[str]:
    rows = bureau.sql(
        "SELECT pan_sealed FROM card WHERE part_id = (SELECT max(id) FROM card_batch_part)"
        " ORDER BY id"
    )
    return [bureau.office.hsm.open_pan(bytes(sealed)).reveal() for (sealed,) in rows]


def sales(bureau: Bureau) -> list[str]:
    return [
        sale for (sale,) in bureau.sql(
            "SELECT sale FROM card WHERE part_id = (SELECT max(id) FROM card_batch_part)"
            " ORDER BY id"
        )
    ]  # fmt: skip


def ship(issuer: Issuer, batch: str, **values: Any) -> Told:
    told = {"batch": batch, "recipient": "City store", "carrier": "SF", "tracking": "SF1", **values}
    return issuer.bureau.do(issuer.maker, "shipment.import", **told)


def test_a_range_of_plastic_is_sent_and_allocated(issuer: Issuer, plastic: Issuer) -> None:
    """S1-32."""
    batch, bureau = batch_of(issuer, plastic), issuer.bureau
    told = ship(issuer, batch, reference="S-1", first=2, last=4)
    assert isinstance(told, Done), told
    assert told.told["cards"] == 3
    assert sales(bureau) == ["unsold", *["allocated"] * 3, "unsold"]
    [row] = bureau.rows(issuer.owner, "shipments", batch=batch)
    assert (row["reference"], row["cards"], row["carrier"], row["state"]) == (
        "S-1",
        3,
        "SF",
        "sent",
    )
    again = ship(issuer, batch, reference="S-2", first=4, last=5)
    assert isinstance(again, Refused)
    assert (again.code, "cards 1" in again.en) == ("E-SOLD-IN-RANGE", True)
    assert sales(bureau)[4] == "unsold", "all of them or none"
    taken = ship(issuer, batch, reference="S-1", first=5, last=5)
    assert isinstance(taken, Refused)
    assert taken.code == "E-TAKEN"


@pytest.mark.parametrize(
    ("places", "code"),
    [
        ({}, "E-FIELD"),
        ({"first": 3, "last": 2}, "E-FIELD"),
        ({"first": 4, "last": 6}, "E-NOT-FOUND"),
        ({"first": 1, "last": 2, "part": 9}, "E-NOT-FOUND"),
    ],
)
def test_a_range_that_is_not_there_is_refused(
    issuer: Issuer, plastic: Issuer, places: dict[str, int], code: str
) -> None:
    told = ship(issuer, batch_of(issuer, plastic), reference="S-3", **places)
    assert isinstance(told, Refused)
    assert told.code == code


def test_a_file_of_numbers_is_sent_whole_or_not_at_all(issuer: Issuer, plastic: Issuer) -> None:
    """S1-32."""
    bureau = issuer.bureau
    batch_of(issuer, plastic)
    [stranger, *_] = numbers(bureau)
    batch = batch_of(issuer, plastic)
    first, second, third, *_ = numbers(bureau)
    wrong = "\n".join(["card_number", first, stranger, second[:-1] + "x", second])
    told = ship(issuer, batch, reference="S-9", file=sent(bureau, issuer.maker, wrong.encode()))
    assert isinstance(told, Refused)
    assert "line 4, card_number: not a number" in told.en
    wrong = f"card_number\n{first}\n{stranger}\n{second}"
    told = ship(issuer, batch, reference="S-9", file=sent(bureau, issuer.maker, wrong.encode()))
    assert isinstance(told, Refused)
    assert "line 3, card_number: no card of this batch" in told.en
    assert set(sales(bureau)) == {"unsold"}
    assert not any(number in told.en for number in (first, second, stranger))
    right = f"卡号\r\n{second}\r\n{third}"
    told = ship(issuer, batch, reference="S-9", file=sent(bureau, issuer.maker, right.encode()))
    assert isinstance(told, Done), told
    assert sales(bureau) == ["unsold", "allocated", "allocated", "unsold", "unsold"]


def test_virtual_cards_are_not_sent(issuer: Issuer) -> None:
    told = ship(issuer, issuer.batch().subject, reference="S-4", first=1, last=1)
    assert isinstance(told, Refused)
    assert told.code == "E-FORM"
