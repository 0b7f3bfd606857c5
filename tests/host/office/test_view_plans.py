"""Each filter and each scope of each view reaches an index, whatever the statistics say."""

import datetime as dt
import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import psycopg
import pytest

from config.run.database import Dsns
from host.model.office import Show, sought
from host.office.people import Grant, Who
from host.office.places import Place, Scope
from host.office.questions import SQL, count_question, page_question
from host.office.tables import VIEWS
from host.office.view import How
from tests.host.conftest import NOW

ROWS = 20_000
GROWS = {
    "person", "person_grant", "approval", "history", "job", "merchant", "store", "terminal",
    "terminal_key", "acceptance", "card", "card_batch", "card_sale", "member", "purse", "journal",
    "disclosure", "office_file", "shipment", "move", "gift", "draw",
    "hold", "seal", "recon_file", "recon_item", "clearing_file",
    "settlement_statement", "payout", "payout_statement", "payout_held", "payout_return",
    "payout_again", "payout_return_said", "recon_return", "statement_dispute", "statement_held",
    "statement_answer", "statement_correction", "delivery", "report_made",
    "reserve_held", "reserve_released", "exception_case", "enterprise", "department", "employee",
    "enterprise_offer", "staff_issue", "staff_voucher", "reminder", "staff_reminder", "letter",
    "pickup", "ad_booking", "ad_end", "ad_day", "ad_charge",
}  # fmt: skip
SMALL = {
    "issuer": "a few hundred at most",
    "vendor": "a few of each issuer",
    "programme": "a few of each issuer",
    "earn_rule": "some dozens of each programme",
    "rate": "a few a day of two programmes, where they follow a market",
    "alliance": "few",
    "card_face": "a few of each product",
    "sheet": "a few of each issuer",
    "office_setting": "few",
    "alliance_member": "thousands",
    "alliance_terms": "some dozens, and a few of each member with a price of its own",
    "fee": "some dozens, and a few of each merchant with a price of its own",
    "business_day": "one is open",
    "delivery_way": "a few of each who has files brought",
    "ad_slot": "some dozens",
    "reserve_terms": "a few of each merchant that has any",
    "report_schedule": "a few of each who has reports made",
    "recon_due": "one of each who is to send files",
    "terminal_status": "",
    "product": "some dozens of each issuer",
    "expiry_month": "a row a month of each product",
    "card_face_version": "a few of each product",
    "sheet_version": "a few of each sheet",
    "lottery": "a few of each owner a year",
    "prize": "some dozens of each lottery",
    "prize_stock": "the same",
}
"""Tables that may be read from end to end, and why; no other is."""
NAMES_FEW = {
    "card_by_number": "id",
    "card_of_member": "member_id",
    "journal_load_of_card": "card_id",
    "letter_of_record": "record_id",
    "letter_of_thread": "thread",
    "move_in_order": "card_id",
    "card_face_named": "product_id",
    "product_version_once": "product_id",
}
"""Indexes that are no keys, and yet lead to a few rows only, by this column."""
UNIQUE = """
SELECT
    c.relname,
    array(
        SELECT a.attname FROM pg_attribute AS a
        WHERE a.attrelid = i.indrelid AND a.attnum = any(i.indkey::smallint [])
    )
FROM pg_index AS i
JOIN pg_class AS c ON i.indexrelid = c.oid
WHERE i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
"""
SAMPLES: dict[type, str] = {str: "x", int: "7", bool: "true", dt.date: "2026-11-22"}
NUMBERED = {How.STATEMENT: "20261122-1", How.PAYS: "20261122-1"}
"""What is asked by a number that has a date in it."""
PLACE = Place(issuer_id=1, merchant_id=7, store_id=7, member_id=7, alliance_id=1, enterprise_id=7)
VALUES = {
    "now": NOW,
    "today": NOW.date(),
    "zone": "Asia/Shanghai",
    "me": 7,
    "mine": ["merchant.close"],
    "notices": ["settled_again"],
    "is_member": False,
}
ASKED = [
    (view.id, scope, name)
    for view in VIEWS.values()
    if any(one.how is not How.WALKED for one in view.filters) or not view.needs
    for scope in sorted(view.scopes)
    for name in ["", *(one.name for one in view.filters if one.how is not How.WALKED)]
]

NUMBERS = "generate_series(1000, 21000) AS n"
FILL = f"""
INSERT INTO merchant (id, merchant_id, name, trade, city)
SELECT n, lpad(n::text, 15, '0'), 'm' || n, 't' || n % 50, 'c' || n % 50 FROM {NUMBERS};
INSERT INTO product (id, issuer_id, code, name) VALUES (1, 1, 'G', 'G');
INSERT INTO product_version (
    product_id, version, form, face_minor_min, face_minor_max, valid_days, is_reloadable, pin,
    activation, made_by, made_at
) VALUES (1, 1, 'virtual', 1, 1, 1, false, 'never', '{{till}}', 'x', now());
INSERT INTO card_batch (
    id, code, issuer_id, product_id, product_version, name, responsible, face_minor, state,
    made_by, made_at
) SELECT n, 'CB' || n, 1, 1, 1, 'b', 'p' || n % 50, 1, 'opened', 'x', now() FROM {NUMBERS};
INSERT INTO card_batch_part (id, batch_id, number, cards, made, state, added_by, added_at)
SELECT n, n, 1, 1, 1, 'generated', 'x', now() FROM {NUMBERS};
INSERT INTO card_sale (issuer_id, product_id, order_reference, channel, cards, sold_by, sold_at)
SELECT 1, 1, n::text, 'sale', 1, 'x', now() FROM {NUMBERS};
INSERT INTO member (phone_hash, phone_sealed, phone_masked, name, merchant_id, made_by, made_at)
SELECT sha256(n::text::bytea), '', lpad(n::text, 11, '1'), 'm' || n, n, 'x', now() FROM {NUMBERS};
INSERT INTO card (shard, pan_hash, id, issuer_id, status, expiry, pan_masked, pan_sealed, part_id)
SELECT 0, sha256(n::text::bytea), n::bigint << 32, 1, 'inactive', '3012', '', '', n FROM {NUMBERS};
INSERT INTO move (shard, card_id, name, origin, made_by, asked_at, issuer_id)
SELECT 0, n::bigint << 32, 'void', 'clock', 'x', now(), 1 FROM {NUMBERS};
INSERT INTO gift (
    shard, journal_id, card_id, issuer_id, sender_id, depth, sent_at, due_at, token_hash
) SELECT 0, n, n::bigint << 32, 1, n, 1, now(), now() + interval '1 h', n::text::bytea
FROM {NUMBERS};
INSERT INTO draw (
    shard, journal_id, lottery_id, seq, act, of_seq, hit, place, card_id, member_id, link
) SELECT 0, n, n / 100, n, 'draw', n, 1, 1, n, n, '' FROM {NUMBERS};
INSERT INTO hold (
    shard, id, code, card_id, issuer_id, account_id, unit, owner, merchant_id, amount_minor,
    held_minor, opened_at, expires_at
) SELECT 0, n, n, n::bigint << 32, 1, n, 'CNY', 'preauth', n, 1, 1, now(), now() + interval '1 h'
FROM {NUMBERS};
INSERT INTO store (id, merchant_id, name) SELECT n, n, 's' || n FROM {NUMBERS};
INSERT INTO terminal (terminal_id, store_id, epoch, mac_algorithm)
SELECT lpad(n::text, 8, 'T'), n, '000001', 'x9.19' FROM {NUMBERS};
INSERT INTO ad_slot (id, code, shown_at, name, price_minor, unit, state, set_by, set_at)
OVERRIDING SYSTEM VALUE
SELECT n, 'S' || n, 'stores', 's', 1, 'CNY', 'open', 'x', now() FROM generate_series(1, 50) AS n;
INSERT INTO ad_booking (
    slot_id, merchant_id, issuer_id, first_on, last_on, title, advert_text, price_minor, unit,
    made_by, agreed_by, made_at
) SELECT 1 + n % 50, n, 1, '2026-11-22', '2026-11-22', 't', 'd', 1, 'CNY', 'x', 'y', now()
FROM {NUMBERS};
INSERT INTO ad_day (slot_id, day, booking_id)
SELECT b.slot_id, '2024-01-01'::date + b.id::integer, b.id FROM ad_booking AS b;
INSERT INTO enterprise (code, issuer_id, name, contact, made_by, made_at)
SELECT 'E' || n, 1, 'e' || n, 'c', 'x', now() FROM {NUMBERS};
INSERT INTO department (enterprise_id, name)
SELECT e.id, 'd' || d FROM enterprise AS e, generate_series(1, 2) AS d;
INSERT INTO employee (
    enterprise_id, code, name, member_id, phone_masked, department, grade, saved_by, saved_at
) SELECT e.id, 's' || e.id, 'n', m.id, '', 'd1', 'g' || e.id % 9, 'x', now()
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM enterprise) AS e
INNER JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM member) AS m ON e.n = m.n;
INSERT INTO enterprise_offer (
    enterprise_id, batch_id, gives, price_minor, state, set_by, set_at
) SELECT e.id, 999 + e.id, 'goods', 1, 'offered', 'x', now() FROM enterprise AS e;
INSERT INTO staff_issue (
    enterprise_id, batch_id, name, gives, price_minor, planned, month, made_by, made_at
) SELECT e.id, 999 + e.id, 'n', 'goods', 1, 1, '2026-11', 'x', now() FROM enterprise AS e;
INSERT INTO staff_voucher (
    issue_id, place, enterprise_id, employee_id, member_id, department, gives, card_id, state,
    issued_at
) SELECT
    i.id, 1, s.enterprise_id, s.id, s.member_id, 'd1', 'goods', (999 + s.id) << 32, 'issued', now()
FROM staff_issue AS i
INNER JOIN employee AS s ON i.enterprise_id = s.enterprise_id;
INSERT INTO reminder (enterprise_id, trigger, days, state, saved_by, saved_at)
SELECT e.id, 'after_issue', 7, 'on', 'x', now() FROM enterprise AS e;
INSERT INTO staff_reminder (enterprise_id, issue_id, place, occasion, next_at, made_at)
SELECT g.enterprise_id, g.issue_id, g.place, 'after_issue/7', now(), now() FROM staff_voucher AS g;
INSERT INTO pickup (id, card_id, member_id, store_id, due_at, asked_at)
SELECT n, n::bigint << 32, m.id, n, now(), now()
FROM generate_series(1000, 20999) AS n
INNER JOIN (SELECT id, 999 + row_number() OVER (ORDER BY id) AS n FROM member) AS m USING (n);
INSERT INTO letter (
    id, thread, member_id, record_id, issuer_id, merchant_id, way, topic, title, body, written_by,
    wrote_at, member_seen_at
) SELECT m.id, m.id, m.id, m.id, CASE WHEN m.id % 3 = 0 THEN 1 END,
    CASE WHEN m.id % 3 = 1 THEN m.merchant_id END, 'from_member', 'praise', 't', 'b', 'x', now(),
    now()
FROM member AS m;
INSERT INTO person (login, name, created_at, merchant_id)
SELECT 'p' || n, 'n' || n, now(), n FROM {NUMBERS};
INSERT INTO person_grant (person_id, role, scope, merchant_id, from_at)
SELECT p.id, 'merchant_owner', 'merchant', p.merchant_id, now() FROM person AS p;
INSERT INTO history (
    at, person_id, acting_as, action, subject_kind, subject_key, merchant_id, source, outcome
) SELECT now(), p.id, '', 'a' || p.id % 20, 'merchant', p.login, p.merchant_id, '', 'done'
FROM person AS p;
INSERT INTO approval (
    action, subject_kind, subject_key, merchant_id, asked, digest, seen, asked_by, asked_as,
    asked_at, expires_at
) SELECT 'a' || g.id % 20, 'merchant', '1', g.merchant_id, '{{}}', '\\x00', '', g.person_id, g.id,
now(), now() + g.id * interval '1 s' FROM person_grant AS g;
INSERT INTO job (
    action, subject_kind, subject_key, merchant_id, plan, total, asked_by, asked_at
) SELECT 'a' || p.id % 20, 'merchant', '1', p.merchant_id, '{{}}', 1, p.id, now()
FROM person AS p;
INSERT INTO office_file (kind, name, person_id, state, made_at, expires_at)
SELECT 'export', 'f', p.id, 'gone', now(), now() FROM person AS p;
INSERT INTO shipment (
    issuer_id, batch_id, reference, cards, recipient, carrier, sent_by, sent_at
) SELECT 1, n, 's' || n, 1, 'x', 'c' || n % 50, 'x', now() FROM {NUMBERS};
INSERT INTO disclosure (
    at, kind, person_id, subject_kind, subject_key, merchant_id, what, has_secrets, purpose, file_id
) SELECT now(), 'export', f.person_id, 'card_batch', 'x', 1, 'x', true, 'x', f.id
FROM office_file AS f;
INSERT INTO seal (shard, seq, previous, digest, items, business_date, sealed_at)
SELECT n % 64, 1000 + n, 'x', 'x', 1, now(), now() FROM {NUMBERS};
INSERT INTO journal (
    business_date, shard, id, seal, home, slot, kind, card_id, issuer_id, merchant_id, terminal_id,
    amount_minor, unit
) SELECT '2026-11-22', n % 64, n, 1, 0, 'pos/x/1/' || n || '/f',
    CASE WHEN n % 3 = 0 THEN 'cash_load' ELSE 'purchase' END, n::bigint << 32, n % 5, n, 'x', 1,
    'CNY'
FROM {NUMBERS};
INSERT INTO recon_file (
    source, layout, merchant_id, business_date, unit, sha256, lines, sent_by, sent_at
) SELECT 'merchant_file', 'merchant_csv', m.id, d.business_date, 'CNY', sha256(m.id::text::bytea),
    1, 'x', now()
FROM merchant AS m CROSS JOIN business_day AS d;
INSERT INTO exception_case (
    kind, terminal_id, epoch, stan, detail, amount_minor, unit, opened_at, seen_at, resolved_at,
    resolved_by, note
) SELECT 'settled_again', lpad(n::text, 8, 'T'), '000001', '', '', 1, 'CNY', now(), now(), now(),
    'x', 'x'
FROM {NUMBERS};
INSERT INTO recon_item (
    business_date, source, difference, file_id, merchant_id, rrn, terminal_id, batch, trace, unit,
    ours_minor, theirs_minor, opened_at
) SELECT '2026-01-01'::date + n % 300, 'merchant_file', 'they_lack', f.id, f.merchant_id, '', '',
    '', '', 'CNY', 1, 0, now()
FROM {NUMBERS} CROSS JOIN (SELECT id, merchant_id FROM recon_file ORDER BY id LIMIT 1) AS f;
INSERT INTO business_day (business_date, state, opened_at, closed_at)
SELECT '2024-01-01'::date + n, 'closed', now(), now() FROM generate_series(0, 299) AS n;
INSERT INTO clearing_run (business_date, started_at)
SELECT '2024-01-01'::date + n, now() FROM generate_series(0, 299) AS n;
INSERT INTO clearing_file (business_date, name, side, party, items, sha256)
SELECT '2024-01-01'::date + n % 300, 'f' || n, 'merchant', lpad(n::text, 15, '0'), 1,
    sha256(n::text::bytea)
FROM {NUMBERS};
"""


@pytest.fixture(scope="module")
def filled(module_estate: Dsns) -> Iterator[psycopg.Connection[Any]]:
    """Tables full of rows that were never analysed. No trigger looks at each: FILL names what there
    is, and nobody audits it."""
    with psycopg.connect(module_estate.owner, autocommit=True) as owner:
        for table in sorted(GROWS):
            owner.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        owner.execute("SET session_replication_role = replica")
        owner.execute(FILL)
        owner.execute("RESET session_replication_role")
        yield owner


@pytest.fixture(scope="module")
def planned_once(filled: psycopg.Connection[Any]) -> "Plans":
    """As `planned`, of tables that stay as they are: more than one test looks at each plan."""
    return functools.cache(functools.partial(planned, filled))


@pytest.fixture(scope="module")
def keys(filled: psycopg.Connection[Any]) -> Mapping[str, Sequence[str]]:
    """By index, the columns that lead to one row, or to a few."""
    unique = {index: columns for index, columns in filled.execute(UNIQUE) if index not in NAMES_FEW}
    return unique | {index: [column] for index, column in NAMES_FEW.items()}


def who(scope: Scope) -> Who:
    return Who(
        person=7, login="x", grant=Grant(id=1, role="x", scope=scope, place=PLACE), has_totp=True
    )


@pytest.mark.parametrize(("view", "scope", "name"), ASKED)
def test_a_page_is_found_by_an_index(
    view: str, scope: Scope, name: str, planned_once: "Plans"
) -> None:
    asked = planned_once(view, scope, name)
    read = set(reads(asked.plan, is_whole=scope is Scope.PLATFORM and is_whole(view, name)))
    for table in sorted(read - SMALL.keys()):
        pytest.fail(
            f"{view}, {f'filter {name}' if name else 'no filter'}, {scope.value}: {table} is read "
            f"from end to end. If it grows, an index leads to what is asked: write CREATE INDEX "
            f"into a new migration, or give the filter an `order` that an index has; if it never "
            f"grows, say why in SMALL.\n{asked.text}"
        )


@pytest.mark.parametrize(
    ("view", "scope", "name"), [one for one in ASKED if one[1] is not Scope.PLATFORM]
)
def test_ones_own_rows_are_found_without_walking_past_those_of_others(
    view: str, scope: Scope, name: str, planned_once: "Plans", keys: Mapping[str, Sequence[str]]
) -> None:
    if scope in VIEWS[view].cut_by_rows | VIEWS[view].open_to:
        return
    asked = planned_once(view, scope, name)
    past = walked_past(asked.plan, asked.scope, keys)
    assert past is None, (
        f"{view}, {f'filter {name}' if name else 'no filter'}, {scope.value}: rows of {past} are "
        f"read that are another's. Let an index begin with whose they are, or join from what is "
        f"one's own.\n{asked.text}"
    )


def is_whole(view: str, name: str) -> bool:
    """Whether the next rows of an index are a page: of all there is, or of all not said yet."""
    hows = {one.name: one.how for one in VIEWS[view].filters}
    return not name or hows[name] is How.NOTHING


class Planned(NamedTuple):
    """A page's statement, its plan, and the parameter that says whose rows are seen."""

    text: str
    plan: Any
    scope: str


Plans = Callable[[str, Scope, str], Planned]


def planned(filled: psycopg.Connection[Any], view: str, scope: Scope, name: str) -> Planned:
    row = VIEWS[view]
    walked = {one.name for one in row.filters if one.how is How.WALKED}
    needs = row.needs - walked  # by what the walk starts from alone nothing is asked here
    least = {each.name: SAMPLES[dt.date] if each.kind is dt.date else "7" for each in row.filters}
    needed = "batch" if "batch" in needs else min(needs, default="")
    filters = {needed: least[needed]} if needed else {}
    if name:
        [one] = [each for each in row.filters if each.name == name]
        is_enough = not row.needs or name in row.needs
        filters = {
            **({} if is_enough else filters),
            **({one.beside: least[one.beside]} if one.beside else {}),
            name: NUMBERED.get(one.how)
            or next(iter(one.choices), SAMPLES.get(one.kind, "2026-11-22T00:00:00Z")),
        }
    question = page_question(row, who(scope), Show(view=view, filters=sought(filters)), VALUES)
    text = question.statement.as_string(filled)
    numbers: dict[str, int] = {}
    asked = re.sub(
        r"%\((\w+)\)s", lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", text
    )
    plan = filled.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT json) {asked}", prepare=False).fetchone()
    assert plan is not None
    [top] = plan[0] if isinstance(plan[0], list) else json.loads(plan[0])
    return Planned(text, top["Plan"], f"${numbers.get('scope', 0)}")


def walked_past(plan: Any, scope: str, keys: Mapping[str, Sequence[str]]) -> str | None:
    """The first table, from the outermost on, of which rows are read that are no one's own.

    What is read by a whole key is one row, and what is small costs nothing; what is joined to one's
    own rows is theirs.
    """
    for node in in_order(plan):
        leads, cuts = (
            "".join(node.get(one, "") for one in names)
            for names in (("Index Cond", "One-Time Filter"), ("Filter", "Join Filter"))
        )
        if is_said(scope, leads, plan):
            return None
        table = node.get("Relation Name")
        is_one = is_by_key(node, keys) or table in SMALL
        if is_one and is_said(scope, cuts, plan):
            return None
        if table and not is_one:
            return str(table)
    return None


def in_order(plan: Any) -> Iterator[Any]:
    """Nodes that rows come by, from the outermost on."""
    if plan["Node Type"] == "Bitmap Heap Scan":
        yield merged(plan)
        return
    yield plan
    for one in below(plan):
        yield from in_order(one)


def below(plan: Any) -> list[Any]:
    """Nodes that its rows come from."""
    return [
        one
        for one in plan.get("Plans", [])
        if one.get("Parent Relationship") not in {"SubPlan", "InitPlan"}
    ]


def merged(heap: Any) -> Any:
    """A heap scan as if it were of its indexes at once."""
    [read] = below(heap)
    scans = read["Plans"] if read["Node Type"] == "BitmapAnd" else [read]
    names = {one.get("Index Name", "") for one in scans}
    conditions = "".join(one.get("Index Cond", "") for one in scans)
    return {**heap, "Index Cond": conditions, "Index Name": names.pop() if len(names) == 1 else ""}


def is_by_key(node: Any, keys: Mapping[str, Sequence[str]]) -> bool:
    columns = keys.get(node.get("Index Name", ""))
    condition = node.get("Index Cond", "")
    return columns is not None and all(
        re.search(rf"\b{column} = | = (\w+\.)?{column}\b", condition) for column in columns
    )


def is_said(scope: str, condition: str, plan: Any) -> bool:
    """Whether it is in a condition, or in what was looked up for it before."""
    name = re.search(r"InitPlan \d+", condition)
    if name is not None:
        return is_looked_up(scope, name[0], plan)
    return re.search(rf"{re.escape(scope)}\b", condition) is not None


def is_looked_up(scope: str, name: str, plan: Any) -> bool:
    if plan.get("Subplan Name") == name:
        return any(is_said(scope, node.get("Index Cond", ""), plan) for node in in_order(plan))
    return any(is_looked_up(scope, name, one) for one in plan.get("Plans", []))


def reads(plan: Any, *, is_whole: bool, is_limited: bool = False) -> Iterator[str]:
    """Tables that are read from end to end, or along an index past rows that are not wanted: only
    of the whole of a view is a page the next rows of an index."""
    kind = plan.get("Node Type", "")
    is_bounded = bool(plan.get("Index Cond"))
    is_in_order = is_limited and not plan.get("Filter")
    is_index = kind.startswith(("Index", "Bitmap Index"))
    if kind == "Seq Scan" or (is_index and not is_bounded and not is_in_order):
        yield plan.get("Relation Name", "")
    goes_on = is_limited and kind in {"Nested Loop", "Memoize", "Incremental Sort", "Subquery Scan"}
    for place, each in enumerate(plan.get("Plans", [])):
        is_page = is_whole and (kind == "Limit" or (goes_on and place == 0))
        yield from reads(each, is_whole=is_whole, is_limited=is_page)


@pytest.mark.parametrize(
    ("scope", "index"),
    [
        (Scope.PLATFORM, "journal_load"),
        (Scope.ISSUER, "journal_load_of_issuer"),
        (Scope.MERCHANT, "journal_load_of_merchant"),
    ],
)
@pytest.mark.parametrize("is_analysed", [False, True])
def test_loads_are_read_along_the_index_of_whose_they_are(
    scope: Scope, index: str, is_analysed: bool, filled: psycopg.Connection[Any]
) -> None:
    """S4-55: before statistics have seen a load, and after."""
    with filled.transaction(force_rollback=True):
        if is_analysed:
            filled.execute("ANALYZE journal")
        asked = planned(filled, "loads", scope, "")
        assert f'"Index Name": "{index}"' in json.dumps(asked.plan), asked.text
        assert not list(reads(asked.plan, is_whole=scope is Scope.PLATFORM))
        for name in ("date", "valid"):
            asked = planned(filled, "loads", scope, name)
            assert f'"Index Name": "{index}"' in json.dumps(asked.plan), asked.text
            assert not list(reads(asked.plan, is_whole=False))


@pytest.mark.parametrize("scope", [Scope.PLATFORM, Scope.ISSUER, Scope.MERCHANT])
@pytest.mark.parametrize("name", ["card", "number", "phone", "member"])
@pytest.mark.parametrize("is_analysed", [False, True])
def test_loads_of_a_card_are_read_along_its_own_index_whoever_looks(
    scope: Scope, name: str, is_analysed: bool, filled: psycopg.Connection[Any]
) -> None:
    with filled.transaction(force_rollback=True):
        if is_analysed:
            filled.execute("ANALYZE journal, card")
        asked = planned(filled, "loads", scope, name)
        assert '"Index Name": "journal_load_of_card"' in json.dumps(asked.plan), asked.text
        assert not list(reads(asked.plan, is_whole=False))


def test_no_view_counts_or_skips_without_an_end() -> None:
    for view in VIEWS.values():
        assert "OFFSET" not in SQL[view.id].upper()
        question = count_question(view, who(Scope.PLATFORM), Show(view=view.id), VALUES)
        assert question.values["limit"] == 10_001
