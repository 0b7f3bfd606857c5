"""Nobody sees or touches what is another's: every view and every action, with every role.

A new row is walked as soon as it stands in its table: an action by values that name what is
foreign (`FOREIGN`), which a test wants for every field that names something.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg
import pytest

from config.run.database import Dsns
from host.model.numbers import first_number_of, rrn_of
from host.model.office import Done, Refused
from host.office.doing import REFUSED_BY
from host.office.fields import secret_from
from host.office.places import SCOPE_COLUMNS, VIEW_COLUMNS, Scope
from host.office.questions import SQL
from host.office.roles import MB, ROLES, STAFF
from host.office.tables import ACTIONS, VIEWS
from host.office.view import View
from host.store.trace import open_date
from tests.host.conftest import NOW
from tests.host.office.conftest import HOME, Bureau, Person, opened_bureau

HELD = sorted(
    (role, scope)
    for role in STAFF | {MB}
    for scope in ROLES[role].scopes
    if scope in SCOPE_COLUMNS  # the platform sees all
)
UNBOUND = {
    "session.sign_in", "invitation.accept", "session.use_grant", "session.sign_out",
    "password.change", "totp.enrol", "file.send", "card.activate", "session.code",
    "session.phone_sign_in", "session.visit", "voucher.open_link", "pay_pin.code", "pay_pin.set",
}  # fmt: skip
"""They are about the person themselves."""
OWN_PHONE = "13711112222"


class World:
    """One of each thing that is somebody else's."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.people: dict[tuple[str, str], Person] = {}
        [merchant] = bureau.sql(
            "SELECT m.merchant_id, m.id, s.id, t.terminal_id FROM merchant AS m"
            " JOIN store AS s ON s.merchant_id = m.id JOIN terminal AS t ON t.store_id = s.id"
            " WHERE m.merchant_id <> %s ORDER BY m.id, s.id, t.terminal_id LIMIT 1",
            HOME["merchant"],
        )
        self.merchant, self.merchant_number, self.store, self.terminal = merchant
        [issuer] = bureau.sql("SELECT institution_id, id FROM issuer ORDER BY id OFFSET 1 LIMIT 1")
        self.issuer, self.issuer_number = issuer
        self.owner = bureau.person("merchant_owner", "merchant", self.merchant)
        self.manager = bureau.person("issuer_manager", "issuer", self.issuer)
        self.vendor = bureau.done(
            self.manager, "vendor.save", issuer=self.issuer, name="Foreign cards", contact="Wu"
        ).subject
        told = bureau.do(self.owner, "terminal.save", terminal_id="9foreign", store=self.store)
        self.approval = told.approval
        self.job = bureau.sql(
            "INSERT INTO job (action, subject_kind, subject_key, merchant_id, plan, total,"
            " asked_by, asked_at) SELECT 'x', 'merchant', %s, %s, '{}', 1, p.id, now()"
            " FROM person AS p WHERE p.login = %s RETURNING id",
            self.merchant, self.merchant_number, self.owner.login,
        )[0][0]  # fmt: skip
        self.product = bureau.done(
            self.manager, "product.revise", issuer=self.issuer, code="FOREIGN", name="Foreign gift",
            form="virtual", face_minor_min=10_000, valid_days=365,
        ).subject  # fmt: skip
        made = bureau.done(
            self.manager, "card_batch.create", product=int(self.product), name="Foreign batch",
            cards=2, responsible=self.manager.login,
        )  # fmt: skip
        self.batch = made.subject
        bureau.do_jobs()
        [(self.card,)] = bureau.sql(
            "SELECT min(c.id) FROM card AS c JOIN card_batch_part AS p ON p.id = c.part_id"
            " JOIN card_batch AS b ON b.id = p.batch_id WHERE b.code = %s", self.batch
        )  # fmt: skip
        self.member = bureau.done(
            self.owner, "member.add", phone="13900001234", merchant=self.merchant, name="Foreign"
        ).subject
        self.file = bureau.sql(
            "INSERT INTO office_file (kind, name, person_id, issuer_id, state, sha256, made_at,"
            " expires_at) SELECT 'export', 'f.csv', p.id, %s, 'ready', '', now(), now()"
            " FROM person AS p WHERE p.login = %s RETURNING id",
            self.issuer_number, self.manager.login,
        )[0][0]  # fmt: skip
        self.gift = 77
        bureau.sql(
            "INSERT INTO gift (shard, journal_id, card_id, issuer_id, sender_id, depth, sent_at,"
            " due_at, token_hash) VALUES (0, 77, %s, %s, %s, 1, '2026-11-01', '2026-11-04', 'x')",
            self.card, self.issuer_number, int(self.member),
        )  # fmt: skip
        self.hold = 78
        bureau.sql(
            "INSERT INTO hold (shard, id, code, card_id, issuer_id, account_id, unit, owner,"
            " amount_minor, held_minor, opened_at, expires_at) VALUES (0, 78, 78, %s, %s, 1, 'CNY',"
            " 'preauth', 1, 1, '2026-11-01', '2026-12-01')",
            self.card, self.issuer_number,
        )  # fmt: skip
        self.face = 90
        bureau.sql("INSERT INTO card_face VALUES (90, %s, 'Foreign face', 1)", int(self.product))
        bureau.sql(
            "INSERT INTO card_face_version VALUES (90, 1, '', 'png', 1011, 638, '外',"
            " 'Foreign face', '', '#000000', 0, 0, 0, 'x', now())"
        )
        self.sheet = bureau.done(
            self.manager, "sheet.save", issuer=self.issuer, name="Foreign sheet", layout="single"
        ).subject
        self.programme = bureau.sql(
            "SELECT code FROM programme WHERE issuer_id = %s LIMIT 1", self.issuer_number
        )[0][0]
        self.grant = self.grant_of(self.owner)
        self.rule = bureau.done(
            self.manager, "rule.save", issuer=self.issuer, name="Foreign rule", says="deny",
            goods=["A1"],
        ).subject  # fmt: skip
        self.lottery = "FOREIGNDRAW"
        bureau.done(
            self.manager, "lottery.create", lottery=self.lottery, name="Foreign draw",
            programme=self.programme, cost_points=5, prizes=["TEA 100% 1 goods 0 Foreign tea"],
            opens_on="2030-01-01", closes_on="2030-01-02", words="a foreign seed",
            issuer=self.issuer,
        )  # fmt: skip
        bureau.with_code(
            self.manager, "api_client.save", client="foreign-erp", name="Foreign program",
            scope="issuer", scope_key=self.issuer, views=["issuers"],
        )  # fmt: skip
        told = bureau.with_code(
            self.manager, "webhook.save", issuer=self.issuer, address="https://foreign.example/",
            events=["card.changed"],
        )  # fmt: skip
        assert isinstance(told, Done), told
        self.webhook = told.subject
        self.rrn = self.sold()
        self.clear()
        self.pay()
        self.schedule = bureau.done(
            self.owner, "report.schedule", report="spending", every="day", merchant=self.merchant
        ).told["schedule"]
        self.make_alliances()
        self.make_enterprises()
        self.letter()
        [(self.booking,)] = bureau.sql(
            "WITH s AS (INSERT INTO ad_slot (code, shown_at, name, price_minor, unit, state,"
            " set_by, set_at) VALUES ('FOREIGN-TOP', 'stores', 'Top', 1, 'CNY', 'open', 'x',"
            " now()) RETURNING id) INSERT INTO ad_booking (slot_id, merchant_id, issuer_id,"
            " first_on, last_on, title, advert_text, price_minor, unit, made_by, agreed_by,"
            " made_at) SELECT id, %s, %s, '2030-01-01', '2030-01-02', 'FOREIGN', 'FOREIGN', 1,"
            " 'CNY', 'x', 'y', now() FROM s RETURNING id", self.merchant_number, self.issuer_number,
        )  # fmt: skip

    def sold(self) -> str:
        """What a terminal of theirs has sold today."""
        number = first_number_of(open_date(self.bureau.connection) or NOW.date()) + 1
        self.bureau.sql(
            "INSERT INTO journal (business_date, shard, id, seal, home, slot, kind, card_id,"
            " issuer_id, merchant_id, terminal_id, amount_minor, unit) SELECT business_date, 0, %s,"
            " 1, 0, concat('pos/', %s::text, '/000001/000001/f'), 'purchase', %s, %s, %s, %s, 1,"
            " 'CNY' FROM business_day WHERE state = 'open'",
            number, self.terminal, self.card, self.issuer_number, self.merchant_number,
            self.terminal,
        )  # fmt: skip
        self.bureau.sql(
            "INSERT INTO exchange (home, slot, id, shard, seal, kind, fingerprint, reason,"
            " is_tombstone, answer, card_id, terminal_id, business_date, decided_at)"
            " SELECT home, slot, id, shard, seal, kind, '', 'approved', false,"
            " (SELECT answer FROM exchange LIMIT 1), card_id, terminal_id, business_date, now()"
            " FROM journal WHERE id = %s AND shard = 0 AND terminal_id = %s", number, self.terminal
        )  # fmt: skip
        return rrn_of(number)

    def exception(self) -> int:
        """A case about their terminal."""
        [(number,)] = self.bureau.sql(
            "INSERT INTO exception_case (kind, terminal_id, epoch, stan, detail, amount_minor,"
            " unit, opened_at, seen_at) VALUES ('upload_differs', %s, '000001', '000001', '', 1,"
            " 'CNY', now(), now()) ON CONFLICT (kind, terminal_id, epoch, stan, unit)"
            " WHERE resolved_at IS NULL DO UPDATE SET seen_at = now() RETURNING id", self.terminal
        )  # fmt: skip
        return int(number)

    def payment(self) -> int:
        """One that their member is to make over a port."""
        self.bureau.sql(
            "INSERT INTO port_simulated (order_number, amount_minor) VALUES ('L-foreign', 1)"
            " ON CONFLICT DO NOTHING"
        )
        self.bureau.sql(
            "INSERT INTO port_payment (id, port, order_number, member_id, asked_by, issuer_id,"
            " shard, card_id, amount_minor, plan, asked_at, expires_at) SELECT 9, 'wechat',"
            " 'L-foreign', %s, min(p.id), c.issuer_id, c.shard, c.id, 1, '{}', now(), now()"
            " FROM card AS c, person AS p WHERE c.id = %s GROUP BY c.issuer_id, c.shard, c.id"
            " ON CONFLICT DO NOTHING", int(self.member), self.card
        )  # fmt: skip
        return 9

    def letter(self) -> int:
        """One of their member to their merchant, about their card."""
        self.bureau.sql(
            "INSERT INTO letter (id, thread, member_id, merchant_id, way, topic, title, body,"
            " card_id, written_by, wrote_at, member_seen_at) VALUES (9, 9, %s, %s, 'from_member',"
            " 'praise', 'FOREIGN', 'FOREIGN', %s, 'x', now(), now()) ON CONFLICT DO NOTHING",
            int(self.member), self.merchant_number, self.card,
        )  # fmt: skip
        return 9

    def pickup(self) -> int:
        """What their member comes for at their store."""
        self.bureau.sql(
            "INSERT INTO pickup (id, card_id, member_id, store_id, due_at, asked_at)"
            " VALUES (9, %s, %s, %s, now(), now()) ON CONFLICT DO NOTHING",
            self.card, int(self.member), self.store,
        )  # fmt: skip
        return 9

    def clear(self) -> None:
        """What a night would leave of them of today."""
        rows = {
            "settlement_statement": "%s, %s, 'CNY', 1, 5, 0, 0, 0, 0, 0, 0, 5",
            "position_part": "%s, NULL, %s, NULL, 'purchase', 'pos', 'CNY', 1, 5, 0, 0, 0",
            "alliance_settlement": "NULL, 'X', NULL, %s, %s, 'held', 5, 0, 'CNY', false",
        }
        for table, told in rows.items():
            self.bureau.sql(
                f"INSERT INTO {table} SELECT business_date, 1, {told} FROM business_day"
                " WHERE state = 'open'",
                *(self.merchant_number, self.issuer_number),
            )

    def pay(self) -> None:
        """What finance would pay them of it."""
        number = self.merchant_number
        rows = {
            "payout_account (merchant_id, holder, account, account_masked, bank, set_at, set_by,"
            " agreed_by)": "VALUES (%s, 'FOREIGN', '12345678', '****5678', '102100099996', now(),"
            " 'x', 'y')",
            "payout_file": "SELECT 1, '2026-11-22', id, 1, 5, sha256('x'), 'x', 'y', now()"
            " FROM payout_account WHERE merchant_id = %s",
            "payout (business_date, merchant_id, unit, amount_minor, end_to_end_id, account_id,"
            " file_id)": "SELECT business_date, %s, 'CNY', 5, 'FOREIGN', account_id, 1"
            " FROM payout_file, business_day WHERE state = 'open'",
        }
        for table, told in rows.items():
            self.bureau.sql(f"INSERT INTO {table} {told}", number)

    def make_alliances(self) -> None:
        """Ours, and another with somebody who has asked for something."""
        bureau = self.bureau
        home = bureau.sql("SELECT i.id, m.id FROM issuer AS i, merchant AS m WHERE"
                          " i.institution_id = %s AND m.merchant_id = %s",
                          HOME["issuer"], HOME["merchant"])[0]  # fmt: skip
        for number, code, members in (
            (1, HOME["alliance"], home), (9, "ABROAD", (self.issuer_number, self.merchant_number)),
        ):  # fmt: skip
            bureau.sql("INSERT INTO alliance VALUES (%s, %s, %s)", number, code, f"{code} circle")
            bureau.sql(
                "INSERT INTO alliance_member VALUES (%s, %s, NULL, '2026-01-01', NULL, true, true),"
                " (%s, NULL, %s, '2026-01-01', NULL, true, true)",
                number, members[0], number, members[1],
            )  # fmt: skip
            bureau.sql(
                "INSERT INTO programme (code, alliance_id, name, earn_points, earn_per_minor,"
                " redemption_points_min, debt_is_allowed, is_primary)"
                " VALUES (%s, %s, 'Points', 1, 1000, 1, false, false)", f"{code}PTS", number,
            )  # fmt: skip
        self.abroad = bureau.person("alliance_manager", "alliance", "ABROAD")
        told = bureau.with_code(self.abroad, "alliance.save", alliance="ABROAD", name="Abroad")
        self.alliances = {
            "login": self.abroad.login, "approval": told.approval, "scope": "alliance",
            "grant": self.grant_of(self.abroad), "scope_key": "ABROAD",
            "programme": "ABROADPTS", "since": "2026-01-01",
        }  # fmt: skip

    def make_enterprises(self) -> None:
        """Ours, and another of another issuer, with somebody who works there."""
        for code, issuer in ((HOME["enterprise"], HOME["issuer"]), ("FOREIGN-CO", self.issuer)):
            self.bureau.sql(
                "INSERT INTO enterprise (code, issuer_id, name, contact, made_by, made_at)"
                " SELECT %s, id, %s, 'Wu', 'x', now() FROM issuer WHERE institution_id = %s",
                code, f"{code} at work", issuer,
            )  # fmt: skip
        self.staff = self.bureau.person("enterprise_hr", "enterprise", "FOREIGN-CO")
        self.bureau.done(
            self.staff, "department.save", enterprise="FOREIGN-CO", department="FOREIGN"
        )
        self.bureau.done(
            self.staff, "staff.save", enterprise="FOREIGN-CO", employee="FOREIGN1", name="Wu",
            phone="13900001111", department="FOREIGN",
        )  # fmt: skip
        [(self.issue,)] = self.bureau.sql(
            "INSERT INTO staff_issue (enterprise_id, batch_id, name, gives, price_minor, planned,"
            " issued, month, made_by, made_at) SELECT e.id, b.id, 'FOREIGN', 'goods', 1, 1, 1,"
            " '2026-11', 'x', now() FROM enterprise AS e, card_batch AS b"
            " WHERE e.code = 'FOREIGN-CO' AND b.code = %s RETURNING id", self.batch,
        )  # fmt: skip
        self.bureau.done(
            self.staff, "reminder.save", enterprise="FOREIGN-CO", trigger="after_issue",
            reminder_days=9,
        )  # fmt: skip
        self.bureau.sql(
            "INSERT INTO staff_voucher SELECT %s, 1, enterprise_id, id, member_id, 'FOREIGN',"
            " 'goods', 1, 'issued', '', now() FROM employee WHERE code = 'FOREIGN1'", self.issue,
        )  # fmt: skip

    def grant_of(self, person: Person) -> int:
        number: int = self.bureau.rows(self.bureau.admin, "grants", login=person.login)[0]["id"]
        return number

    def person(self, role: str, scope: str) -> Person:
        """Of our own merchant, store or issuer."""
        if (role, scope) not in self.people:
            self.people[role, scope] = (
                self.bureau.member(OWN_PHONE)
                if scope == Scope.MEMBER
                else self.bureau.person(role, scope)
            )
        return self.people[role, scope]

    def values(self, action: str) -> Iterator[dict[str, Any]]:
        """That name something foreign, whole otherwise: of an issuer or a merchant, and of an
        alliance."""
        fields = {one.name: one for one in msgspec.structs.fields(ACTIONS[action].values)}
        known = self.known()
        told = {name: known[name] for name in fields if name in known}
        told |= {name: made() for name, made in told.items() if callable(made)}
        needed = {one.name for one in fields.values() if one.required}
        assert needed <= told.keys(), f"{action}: give {needed - told.keys()} in World.known"
        yield told
        of_an_alliance = {name: self.alliances[name] for name in told if name in self.alliances}
        if of_an_alliance:
            yield told | of_an_alliance

    def sought(self) -> dict[str, Any]:
        """What a view that has to be told something is told."""
        return {
            "card": self.card, "number": "0", "phone": "13900001234",
            "member": self.member, "order": "T1", "date": "2026-11-22",
            "schedule": self.schedule, "mine": "true", "transaction": self.rrn,
            "batch": self.batch, "lottery": self.lottery, "webhook": self.webhook,
            "issue": self.issue, "merchant": self.merchant, "face": self.face,
            "store": self.store,
        }  # fmt: skip

    def questions(self, view: View) -> Iterator[dict[str, str]]:
        """Each way in which a view may be asked for what is foreign."""
        names = {one.name for one in view.filters}
        beside = {"merchant": self.merchant} if {"date", "merchant"} <= names else {}
        assert view.needs <= self.sought().keys(), f"{view.id}: give its needs in World.sought"
        for name in sorted(view.needs):
            yield {name: str(self.sought()[name])} | (beside if name == "date" else {})
        if not view.needs:
            yield {}

    def known(self) -> dict[str, Any]:
        """A value for every field, or what makes one."""
        return {
            "login": self.owner.login, "merchant_id": self.merchant, "merchant": self.merchant,
            "date": "2026-11-22", "payable_minor": 1,
            "store": self.store, "terminal_id": self.terminal, "institution_id": self.issuer,
            "issuer": self.issuer, "vendor": int(self.vendor), "approval": self.approval,
            "job": self.job, "grant": self.grant, "note": "because it is foreign",
            "decision": "approve", "which": ["password"], "role": "merchant_operator",
            "rrns": [self.rrn], "verdict": "reject",
            "payment": self.payment, "port_event": "paid",
            "scope": "merchant", "scope_key": self.merchant, "product": int(self.product),
            "batch": self.batch, "card": self.card, "member": int(self.member), "name": "Mine now",
            "form": "virtual", "face_minor_min": 1, "cards": 1, "responsible": self.owner.login,
            "kind": "freeze", "valid_to": "2030-01-01", "order": "1", "phone": "13900009999",
            "file": self.file, "workbook_password": "eleven blue herons",
            "recipient": "Wu", "reason": "test", "value": "phone",
            "phone_last": "1234", "programme": self.programme, "alliance": "ABROAD",
            "since": "2030-01-01", "month": "2026-11", "many": [self.card],
            "payer": "merchant", "kinds": ["purchase"], "store_code": "0" * 18,
            "replacement": self.card,
            "face": self.face, "sheet": int(self.sheet), "setting": "approval-hours", "figure": 1,
            "gift": self.gift, "hold": self.hold,
            "may_end_sooner": True, "amount_minor": 1, "how": "suspend",
            "rule": "R1", "points": 1, "worth_minor": 1, "rate": "2",
            "from_programme": self.programme, "to_programme": self.programme, "why": "error",
            "direction": "credit",
            "house_rule": int(self.rule), "rrn": self.rrn, "pack": "CN-PREPAID", "at": "2030-01-01",
            "lottery": self.lottery, "cost_points": 1, "prizes": ["TEA 100% 1 goods 0 Mine"],
            "opens_on": "2030-01-01", "closes_on": "2030-01-02", "words": "words of mine",
            "typed_name": "Foreign draw", "draw": 1,
            "reference": "S1", "content": "eA==", "liability_minor": 0, "voucher_code": "0123",
            "receipt": "R-1", "phones": ["13900009999"],
            "file_layout": "merchant_csv", "difference": 1, "answer": "take",
            "report": "spending",  # one that a merchant and a store may have of themselves
            "payout": 1, "returned_for": "account closed", "percent": "10%", "held_days": 7,
            "side": "merchant",
            "schedule": self.schedule, "every": "day",
            "number": 1, "exception": self.exception,
            "settled": "at_issue", "per_points": 1, "issued_minor": 1, "redeemed_minor": 1,
            "account_holder": "Mine now", "account_number": "6222020200112230001",
            "bank_code": "102100099996", "payment_file": 1, "directory": "inbox",
            "enterprise": "FOREIGN-CO", "department": "FOREIGN", "employee": "FOREIGN1",
            "contact": "Mine", "price_minor": 1, "trigger": "after_issue", "reminder_days": 7,
            "pickup": self.pickup, "mail": self.letter,
            "title": "Mine", "text": "Mine", "topic": "praise",
            "client": "foreign-erp", "webhook": self.webhook,
            "slot": "FOREIGN-TOP", "shown_at": "stores", "booking": self.booking,
            "first_on": "2030-01-01", "last_on": "2030-01-02", "advert_text": "Mine now",
            "from_at": "2030-01-01T00:00:00+08:00",
        }  # fmt: skip


@pytest.fixture(scope="module")
def world(module_estate: Dsns) -> Iterator[World]:
    for bureau in opened_bureau(module_estate):
        yield World(bureau)


@pytest.mark.parametrize(("role", "scope"), HELD)
def test_no_view_shows_a_row_of_another(world: World, role: str, scope: Scope) -> None:
    """S1-47."""
    person = world.person(role, scope)
    for view in VIEWS.values():
        for filters in () if view.is_public else world.questions(view):
            told = world.bureau.look(person, view.id, filters=filters)
            if role not in view.roles or scope not in view.scopes:
                assert isinstance(told, Refused), view.id
                assert told.code == "E-NOT-YOUR-ROLE"
                continue
            if isinstance(told, Refused):  # asked by what only another scope may ask by
                assert (told.code, told.field) == ("E-FIELD", "batch"), told
                continue
            if scope in view.open_to:
                continue
            shown = str(told.rows)
            for foreign in (world.merchant, world.terminal, world.owner.login, "9foreign",
                            "Foreign cards", "FOREIGN", "ABROAD", "Foreign face", "Foreign sheet",
                            "Foreign rule", world.batch, "Foreign draw", world.lottery,
                            world.manager.login, world.abroad.login, "foreign-erp",
                            "foreign.example"):  # fmt: skip
                assert foreign not in shown, f"{view.id} shows {foreign} to {role}@{scope}"
            takes = {"merchants", "merchant_profiles"}  # whose cards it takes is its own to know
            assert world.issuer not in shown or view.id in takes, view.id


@pytest.mark.parametrize(("role", "scope"), HELD)
def test_no_action_finds_what_is_anothers(world: World, role: str, scope: Scope) -> None:
    """S1-47."""
    bureau, person = world.bureau, world.person(role, scope)
    if (bureau.now - _signed_in(bureau, person)) > dt.timedelta(minutes=20):
        bureau.sign_in(person)
    for action in ACTIONS.values():
        if action.id in UNBOUND:
            continue
        for values in world.values(action.id):
            told = bureau.do(person, action.id, **values)
            assert isinstance(told, Refused), f"{action.id} was done by {role}@{scope}: {told}"
            if role not in action.roles:
                assert told.code == "E-NOT-YOUR-ROLE", action.id
            else:
                # A login is one person's everywhere: who makes one hears that it is taken.
                wanted = {"E-NOT-FOUND"} | ({"E-LOGIN"} if action.id == "person.save" else set())
                assert told.code in wanted, (
                    f"{action.id} by {role}@{scope}: {told}. Does each field that names something "
                    f"have a foreign value in World.known? Given: {values}"
                )
            assert told.now == {}


def _signed_in(bureau: Bureau, person: Person) -> dt.datetime:
    [(at,)] = bureau.sql("SELECT max(used_at) FROM session AS s JOIN person AS p"
                         " ON p.id = s.person_id WHERE p.login = %s", person.login)  # fmt: skip
    return at


def test_what_is_anothers_and_what_is_not_there_are_told_alike(world: World) -> None:
    owner = world.person("merchant_owner", "merchant")
    told = [
        world.bureau.do(owner, "store.save", store=store, name="Mine now")
        for store in (world.store, 9_999)
    ]
    assert told[0] == told[1]


SHARED: dict[str, str] = {
    "person_login": "one signs in by it everywhere",
    "issuer_institution_id_key": "messages name an issuer by it",
    "issuer_pan_prefix_key": "a card number says by it whose card it is",
    "merchant_merchant_id_key": "messages name a merchant by it",
    "terminal_pkey": "messages name a till by it",
    "programme_pkey": "messages name the unit of a programme by it",
    "alliance_coded": "whom it invites names it by that",
    "alliance_once": "its number, given out by the platform",
    "enterprise_coded": "people are invited into it by that",
    "ad_slot_coded": "merchants name a place for advertising by it, the platform gives it out",
    "lottery_code": "tills name a lottery by it",
    "payout_file_numbered": "its number, given out by finance",
    "payout_again_once": "the same, of what came back",
    "payout_held_once": "the same, of what was held out of one",
    "payout_statement_once": "the night names a statement by it, and finance alone pays one",
}
"""Names that all share: whoever chooses one hears that it is taken. None says who somebody is."""
SHARED_KINDS = {
    "person", "issuer", "merchant", "terminal", "programme", "alliance", "lottery", "enterprise",
}  # fmt: skip
OWNERS = {"issuer_id", "merchant_id", "alliance_id", "product_id", "enterprise_id"}
TAKEN = {row.code for row, _ in REFUSED_BY.values()}


def test_that_something_is_taken_is_told_of_ones_own_and_of_names_that_all_share(
    world: World,
) -> None:
    """S1-47: each constraint that refuses is within an owner, or of a shared name."""
    rows = world.bureau.sql(
        "SELECT c.conname, array_agg(a.attname::text) FROM pg_constraint AS c"
        " JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = any(c.conkey)"
        " WHERE c.contype IN ('u', 'p', 'x') GROUP BY c.oid, c.conname"
    )
    columns = {name: set(held) for name, held in rows}
    for name in REFUSED_BY:
        assert name in columns, f"{name} is no constraint of one name"
        is_within = len(columns[name]) > 1 and not columns[name].isdisjoint(OWNERS)
        assert is_within != (name in SHARED), f"{name}: {columns[name]}"
    assert {name for name, held in columns.items() if "phone_hash" in held} == {
        "member_by_phone",
        "phone_code_once",  # which is overwritten, whoever has the phone
    }
    assert "member_by_phone" not in REFUSED_BY


@pytest.mark.parametrize(("role", "scope"), HELD)
def test_making_what_another_has_tells_nothing_of_it(world: World, role: str, scope: Scope) -> None:
    """S1-47, S3-18: under ones own merchant or issuer, by all that names what is foreign."""
    bureau, person = world.bureau, world.person(role, scope)
    bureau.sign_in(person)
    own = {name: HOME[name] for name in ("merchant", "issuer")} | {"phone": "13900001234"}
    for action in ACTIONS.values():
        if action.within is None or role not in action.roles:
            continue
        for values in world.values(action.id):
            mine = values | {name: own[name] for name in own if name in values}
            told = bureau.do(person, action.id, _is_dry_run=True, **mine)
            meant = msgspec.convert(mine, action.values, dec_hook=secret_from)
            kind = action.about(meant).kind if action.about else ""
            if isinstance(told, Refused) and kind not in SHARED_KINDS:
                assert told.code not in TAKEN, f"{action.id} by {role}@{scope}: {told}"
            if action.id == "member.add" and scope is Scope.MERCHANT:
                assert isinstance(told, Done), told


def members_of(view: View, scope: Scope) -> Scope | None:
    """Of which scope members are by whose column an alliance's rows are told."""
    return view.members if scope is Scope.ALLIANCE else None


def test_every_view_says_whose_a_row_is(world: World) -> None:
    moment = world.bureau.office.told_of(world.bureau.now)
    told = {**moment, "me": 1, "mine": [], "is_member": False}
    with psycopg.connect(world.bureau.dsns.owner) as connection:
        for view in VIEWS.values():
            for scope in (view.scopes - view.cut_by_rows - view.open_to) & SCOPE_COLUMNS.keys():
                column = VIEW_COLUMNS[members_of(view, scope) or scope]
                statement = f"SELECT v.{column} FROM ({SQL[view.id]}) AS v LIMIT 0"
                try:
                    connection.execute(statement, told)
                except psycopg.errors.UndefinedColumn as error:
                    pytest.fail(f"{view.id} in views.sql, for {scope.value}: {error}")
