"""DECIDING: how every table is kept from being changed unseen by whoever owns the database.

A table is chained, or posted, or a chain itself. Of a chained table each row's whole content is
noted in `change` by the statement that writes it (see `host.store.changes`), whatever columns it
has or will have. What the poster writes for a posting is under the seal of its batch or follows
from what is: there each column says how. A test compares all of it with the catalogue.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, LiteralString


class ByHand(enum.Enum):
    """What of an edit that operators made in SQL two of them may take over (`takeovers`)."""

    NEVER = "nothing: it follows from trade, keys or the night"
    HEALED = "that a key was another, once a program has written its row again"
    NEW = "rows that were put in: money is booked by those that are there"
    ANY = "any edit: it is the estate"


class How(enum.Enum):
    """What was done to a row by hand."""

    PUT_IN = "put in"
    TAKEN_OUT = "taken out"
    CHANGED = "changed"


def how_of(*, was: bool, is_there: bool) -> How:
    """From whether our programs left a row, and whether there was one."""
    if not was:
        return How.PUT_IN
    return How.CHANGED if is_there else How.TAKEN_OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Chained:
    """One table of rows whose changes are noted."""

    name: LiteralString
    key: LiteralString
    """The primary key of a row `t` as text, by no setting of a session."""
    where: LiteralString = "true"
    """Which rows `t`."""
    by_hand: ByHand = ByHand.NEVER
    apart: tuple[LiteralString, ...] = ()
    """What each of many rows that are noted together has of its own: it is not kept what they say,
    only that it is what it was."""

    @property
    def is_edited(self) -> bool:
        """Whether operators edit it in SQL, so that what a row said is kept with its note."""
        return self.by_hand in {ByHand.NEW, ByHand.ANY}

    def may_be_taken_over(self, how: How) -> bool:
        """Whether two people may take over that this was done to a row, and stands."""
        return self.by_hand is ByHand.ANY or (self.by_hand is ByHand.NEW and how is How.PUT_IN)

    def may_have_been(self, how: How) -> bool:
        """Whether two people may take over that this was done before a program wrote the row."""
        return self.by_hand is ByHand.HEALED or self.may_be_taken_over(how)


_DAY: Final = "to_char(t.business_date, 'YYYY-MM-DD')"

CHAINED: Final = (
    Chained(name="schema_migration", key="t.number::text"),
    Chained(name="setting", key="t.name"),
    Chained(name="issuer", key="t.id::text", by_hand=ByHand.ANY),
    Chained(name="programme", key="t.code", by_hand=ByHand.ANY),
    Chained(
        name="points_life",
        key="concat_ws('/', t.programme, to_char(t.since, 'YYYY-MM-DD'))",
    ),
    Chained(name="points_price", key="concat_ws('/', t.programme, to_char(t.since, 'YYYY-MM-DD'))"),
    Chained(name="rate", key="t.id::text"),
    Chained(name="fee", key="t.id::text"),
    Chained(name="alliance_terms", key="t.id::text"),
    Chained(name="reserve_terms", key="t.id::text"),
    Chained(name="ad_slot", key="t.id::text"),
    Chained(name="ad_booking", key="t.id::text"),
    Chained(name="ad_end", key="t.booking_id::text"),
    Chained(name="ad_day", key="concat_ws('/', t.slot_id, to_char(t.day, 'YYYY-MM-DD'))"),
    Chained(
        name="statement_confirmed",
        key="concat_ws('/', to_char(t.business_date, 'YYYY-MM-DD'), t.place, t.side)",
    ),
    Chained(name="payout_account", key="t.id::text"),
    Chained(name="payout_file", key="t.id::text"),
    Chained(name="payout", key="t.id::text"),
    Chained(
        name="payout_statement",
        key="concat_ws('/', to_char(t.business_date, 'YYYY-MM-DD'), t.place)",
    ),
    *(
        Chained(
            name=name, key="concat_ws('/', to_char(t.business_date, 'YYYY-MM-DD'), t.place, t.side)"
        )
        for name in ("statement_dispute", "statement_answer", "payout_held")
    ),
    Chained(name="recon_return", key="concat_ws('/', t.file_id, t.line)"),
    Chained(name="payout_return", key="t.payout_id::text"),
    Chained(name="payout_return_said", key="t.payout_id::text"),
    Chained(name="payout_again", key="t.returned_id::text"),
    Chained(
        name="statement_held",
        key="concat_ws('/', to_char(t.business_date, 'YYYY-MM-DD'), t.place, t.journal_id)",
    ),
    Chained(
        name="fee_charge",
        key="concat_ws('/', to_char(t.business_date, 'YYYY-MM-DD'), t.merchant_id, t.issuer_id, "
        "t.fee_id, t.kind)",
    ),
    Chained(name="conversion", key="concat_ws('/', t.shard, t.journal_id)"),
    Chained(name="cash_load", key="t.id::text"),
    Chained(name="cash_hand_in", key="t.id::text"),
    Chained(name="breakage", key="concat_ws('/', t.shard, t.journal_id)"),
    Chained(name="expiry_month", key="concat_ws('/', t.product_id, t.month)"),
    Chained(
        name="earn_rule",
        key="concat_ws('/', t.programme, t.code, to_char(t.since, 'YYYY-MM-DD'))",
    ),
    Chained(name="earned_by", key="concat_ws('/', t.shard, t.journal_id, t.unit)"),
    Chained(name="earn_counted", key="concat_ws('/', t.shard, t.journal_id, t.unit, t.period)"),
    Chained(name="alliance", key="t.id::text", by_hand=ByHand.ANY),
    Chained(
        name="alliance_member",
        key="concat_ws('/', t.alliance_id, coalesce(t.issuer_id::text, '-'), "
        "coalesce(t.merchant_id::text, '-'), to_char(t.member_from, 'YYYY-MM-DD'))",
        by_hand=ByHand.ANY,
    ),
    Chained(name="merchant", key="t.id::text", by_hand=ByHand.ANY),
    Chained(name="store", key="t.id::text", by_hand=ByHand.ANY),
    Chained(
        name="acceptance",
        key="concat_ws('/', t.merchant_id, t.issuer_id)",
        by_hand=ByHand.ANY,
    ),
    Chained(name="terminal", key="t.terminal_id", by_hand=ByHand.ANY),
    Chained(
        name="terminal_key",
        key="concat_ws('/', t.terminal_id, t.usage, t.generation)",
        by_hand=ByHand.HEALED,
    ),
    Chained(
        name="card",
        key="concat_ws('/', t.shard, encode(t.pan_hash, 'hex'))",
        by_hand=ByHand.ANY,
        apart=("id", "pan_masked", "shard"),
    ),
    Chained(name="vendor", key="t.id::text"),
    Chained(name="product", key="t.id::text"),
    Chained(name="product_version", key="concat_ws('/', t.product_id, t.version)"),
    Chained(name="office_setting", key="t.name"),
    Chained(name="card_face", key="t.id::text"),
    Chained(name="card_face_version", key="concat_ws('/', t.face_id, t.version)"),
    Chained(name="sheet", key="t.id::text"),
    Chained(name="sheet_version", key="concat_ws('/', t.sheet_id, t.version)"),
    Chained(name="card_batch", key="t.id::text"),
    Chained(name="pay_code", key="encode(t.code_hash, 'hex')"),
    Chained(name="pickup", key="t.id::text"),
    Chained(name="pickup_use", key="encode(t.used_hash, 'hex')"),
    Chained(name="voucher_claim", key="t.card_id::text"),
    Chained(name="card_batch_part", key="t.id::text"),
    Chained(name="card_sale", key="t.id::text"),
    Chained(name="member", key="t.id::text"),
    Chained(name="letter", key="t.id::text"),
    Chained(name="enterprise", key="t.id::text"),
    Chained(name="enterprise_grant", key="t.id::text"),
    Chained(name="department", key="concat_ws('/', t.enterprise_id, t.name)"),
    Chained(name="employee", key="t.id::text"),
    Chained(name="enterprise_offer", key="concat_ws('/', t.enterprise_id, t.batch_id)"),
    Chained(name="reminder", key="concat_ws('/', t.enterprise_id, t.trigger, t.days)"),
    Chained(name="staff_reminder", key="t.id::text"),
    Chained(name="staff_issue", key="t.id::text"),
    Chained(name="staff_voucher", key="concat_ws('/', t.issue_id, t.place)"),
    Chained(name="code_try", key="t.source"),
    Chained(name="estate_version", key="t.is_the_one::text"),
    Chained(name="estate_change", key="t.version::text"),
    Chained(name="account", key="t.id::text", by_hand=ByHand.NEW),
    Chained(name="rule", key="concat_ws('/', t.id, t.version)"),
    Chained(name="rule_pack", key="t.code"),
    Chained(
        name="rule_pack_use",
        key="concat_ws('/', t.pack, t.issuer_id, to_char(t.used_from, 'YYYY-MM-DD'))",
    ),
    Chained(name="business_day", key=_DAY),
    Chained(name="number_block", key=_DAY),
    Chained(name="points_expiry", key=_DAY),
    Chained(name="clearing_run", key=_DAY),
    Chained(name="clearing_step", key=f"concat_ws('/', {_DAY}, t.step)"),
    Chained(name="clearing_release", key=_DAY),
    Chained(name="clearing_handed_out", key=_DAY),
    Chained(name="delivery_way", key="t.id::text"),
    Chained(name="delivery", key=f"concat_ws('/', {_DAY}, t.name, t.way_id)"),
    Chained(name="report_schedule", key="t.id::text"),
    Chained(name="report_made", key=f"concat_ws('/', t.schedule_id, {_DAY})"),
    Chained(name="recon_due", key="t.id::text"),
    Chained(name="recon_file", key="t.id::text"),
    Chained(name="recon_line", key="concat_ws('/', t.file_id, t.line)"),
    Chained(name="recon_match", key="concat_ws('/', t.file_id, t.line)"),
    Chained(name="recon_item", key="t.id::text"),
    Chained(name="clearing_finding", key=f"concat_ws('/', {_DAY}, t.step, t.name, t.subject)"),
    Chained(
        name="position",
        key=f"concat_ws('/', {_DAY}, t.merchant_id, t.issuer_id, t.unit, t.chart)",
    ),
    Chained(name="trial_balance", key=f"concat_ws('/', {_DAY}, t.chart, t.unit)"),
    Chained(name="clearing_file", key=f"concat_ws('/', {_DAY}, t.name)"),
    Chained(name="checkpoint_seal", key=f"concat_ws('/', {_DAY}, t.shard)"),
    Chained(name="terminal_batch", key="concat_ws('/', t.institution, t.terminal_id, t.epoch)"),
    Chained(
        name="upload_record",
        key="concat_ws('/', t.institution, t.terminal_id, t.epoch, t.attempt, t.stan)",
    ),
    Chained(name="exception_case", key="t.id::text"),
    Chained(name="terminal_status", key="t.terminal_id"),
    Chained(name="transport_key", key="t.name", by_hand=ByHand.HEALED),
    Chained(name="key_component", key="concat_ws('/', t.target, t.number)", by_hand=ByHand.HEALED),
    Chained(name="key_rotation", key="t.terminal_id"),
    Chained(name="terminal_counter", key="concat_ws('/', t.terminal_id, t.key_id)"),
    Chained(name="zone_key", key="t.name", by_hand=ByHand.HEALED),
    Chained(name="adjustment", key="concat_ws('/', t.shard, t.journal_id)"),
    Chained(name="move", key="concat_ws('/', t.shard, t.card_id, t.name)"),
    Chained(name="hold", key="concat_ws('/', t.shard, t.id)"),
    Chained(name="hold_fact", key="concat_ws('/', t.shard, t.hold_id, t.turn)"),
    Chained(name="transit", key="concat_ws('/', t.shard, t.journal_id)"),
    Chained(name="gift", key="concat_ws('/', t.shard, t.journal_id)"),
    Chained(name="voucher_use", key="concat_ws('/', t.shard, t.journal_id)"),
    Chained(name="lottery", key="t.id::text"),
    Chained(name="prize", key="concat_ws('/', t.lottery_id, t.place)"),
    Chained(name="draw", key="concat_ws('/', t.shard, t.journal_id)"),
    Chained(name="prize_paid", key="concat_ws('/', t.shard, t.journal_id)"),
    Chained(name="advice", key="concat_ws('/', t.shard, t.journal_id)"),
    Chained(name="takeover", key="concat_ws('/', t.relation, t.key)"),
    Chained(name="case_report", key="concat_ws('/', t.slot, t.detail)"),
    Chained(name="person", key="t.id::text"),
    Chained(name="person_grant", key="t.id::text"),
    Chained(name="invitation", key="encode(t.token_hash, 'hex')"),
    Chained(name="webhook", key="t.code"),
    Chained(name="webhook_message", key="t.id::text"),
    Chained(name="webhook_position", key="t.shard::text"),
    Chained(name="api_key", key="encode(t.token_hash, 'hex')"),
    Chained(name="session", key="encode(t.token_hash, 'hex')"),
    Chained(name="port_payment", key="t.id::text"),
    Chained(name="port_payment_more", key="concat_ws('/', t.payment_id, t.reference)"),
    Chained(name="port_simulated", key="t.order_number"),
    Chained(name="phone_code", key="concat_ws('/', encode(t.phone_hash, 'hex'), t.sent_for)"),
    Chained(
        name="step_up",
        key="concat_ws('/', encode(t.session_hash, 'hex'), encode(t.digest, 'hex'))",
    ),
    Chained(name="approval", key="t.id::text"),
    Chained(name="history", key="t.id::text"),
    Chained(name="once_key", key="concat_ws('/', t.person_id, t.key)"),
    Chained(name="job", key="t.id::text"),
    Chained(name="office_file", key="t.id::text"),
    Chained(name="office_file_piece", key="concat_ws('/', t.file_id, t.number)"),
    Chained(name="disclosure", key="t.id::text"),
    Chained(name="shipment", key="t.id::text"),
)
"""Tables whose every column decides. Another one is a row here, and statements that note it."""

TABLES: Final[Mapping[str, Chained]] = {table.name: table for table in CHAINED}

_SEAL: Final = "under its batch's seal"
_MOVED: Final = "follows from its sealed exchange and the estate"

POSTED: Final[Mapping[str, Mapping[str, str]]] = {
    "exchange": {
        "home": "one home a terminal; its journal's",
        "slot": _SEAL,
        "id": _SEAL,
        "shard": "its seal's",
        "seal": "the batch it is recomputed with",
        "kind": _SEAL,
        "fingerprint": _SEAL,
        "reason": _SEAL,
        "is_tombstone": "only what was never asked has no fingerprint, and no terminal's answer",
        "answer": _SEAL,
        "card_id": _SEAL,
        "terminal_id": "its slot's",
        "origin": "its slot's: PostgreSQL computes it",
        "made_by": "its slot's: PostgreSQL computes it",
        "business_date": "its number's, its seal's",
        "decided_at": "its seal's",
    },
    "order_reference": {
        "shard": "its journal's",
        "journal_id": _SEAL,
        "order_number": _SEAL,
        "sub_order": _SEAL,
        "decided_at": "its exchange's",
    },
    "journal": {
        "shard": "its exchange's",
        "id": _SEAL,
        "seal": "its exchange's",
        "home": "its exchange's",
        "slot": "its exchange's",
        "kind": _SEAL,
        "original_id": _SEAL,
        "card_id": _SEAL,
        "issuer_id": _MOVED,
        "merchant_id": _MOVED,
        "terminal_id": "its exchange's",
        "origin": "its slot's: PostgreSQL computes it",
        "made_by": "its slot's: PostgreSQL computes it",
        "amount_minor": "its entries'",
        "unit": "its entries'",
        "business_date": _SEAL,
        "previous_id": "the journal of its card before it",
    },
    "entry": {
        "shard": "its journal's",
        "journal_id": _SEAL,
        "leg": _SEAL,
        "debit_account": _SEAL,
        "credit_account": _SEAL,
        "amount_minor": _SEAL,
        "unit": _SEAL,
        "business_date": "its journal's",
    },
    "purse": {
        "shard": "its card's",
        "card_id": "its entries' journals'",
        "account_id": "its entries'",
        "unit": "its entries', its issuer's rules",
        "posted_minor": "the sum of its entries",
        "held_minor": "what its holds have left",
        "floor_minor": "its issuer's rules",
        "expires_from": "its lots'",
        "pending_minor": "its lots'",
        "pending_from": "its lots'",
        "last_journal": "its last entry's",
    },
    "undo": {
        "shard": "its journals'",
        "original_id": "its journals'",
        "attempt": "counted",
        "journal_id": "its journals'",
        "kind": "its journal's",
        "amount_minor": "its journal's",
        "is_moot": "whether there is a journal",
    },
    "lot": {
        "shard": "its journal's",
        "account_id": _SEAL,
        "id": _SEAL,
        "earned_on": "its journal's date",
        "expires_on": _SEAL,
        "available_from": _SEAL,
        "points": _SEAL,
        "remaining": "its points less its uses",
        "written_off": "what its programme's breakage account holds",
    },
    "lot_use": {
        "shard": "its journal's",
        "journal_id": "its journal's points",
        "account_id": "its journal's points",
        "lot_id": "its lot's rest",
        "points": "its lot's rest",
    },
    "rule_told": {
        "shard": "its exchange's",
        **dict.fromkeys(
            (
                "exchange_id",
                "rule_id",
                "rule_version",
                "outcome",
                "period",
                "used_by",
                "subject",
                "period_from",
                "times",
                "amount_minor",
                "had_times",
                "had_minor",
                "asked_minor",
                "goods",
            ),
            _SEAL,
        ),
    },
    "usage_counter": {
        "shard": "its subject's",
        "counter": "what exchanges were told of its rule",
        "period": "what exchanges were told of its rule",
        "used_by": "what exchanges were told of its rule",
        "subject": "what exchanges were told of its rule",
        "period_from": "the newest period of those",
        "times": "the sum of those of its period",
        "amount_minor": "the sum of those of its period",
    },
    "lottery_list": {
        "lottery_id": "its lottery's",
        "lines": "how many draws there are",
        "link": "that of its last line",
        "held_at": "when the office held it last; decides nothing",
    },
    "prize_stock": {
        "lottery_id": "its prize's",
        "place": "its prize's",
        "stock": "its prize's",
        "taken": "its draws that stand",
    },
    "lottery_entrant": {
        "lottery_id": "its draws'",
        "card_id": "its draws'",
        "member_id": "its draws'",
        "draws": "how many of them stand",
    },
    "checkpoint": {
        "account_id": "the sum of its entries",
        "business_date": "the sum of its entries",
        "balance_minor": "the sum of its entries",
    },
    "settlement_statement": dict.fromkeys(
        (
            "business_date", "place", "merchant_id", "issuer_id", "unit", "items",
            "turnover_minor", "returned_minor", "alliance_minor", "points_taken", "points_earned",
            "merchant_fee_minor", "issuer_fee_minor", "payable_minor", "corrected_minor",
            "reserved_minor", "advertised_minor",
        ),
        "the sum of parts of positions",
    ),
    "reserve_held": dict.fromkeys(
        (
            "business_date", "merchant_id", "issuer_id", "unit", "terms_id", "base_minor",
            "amount_minor", "due_on", "journal_id",
        ),
        "under the digest that its step left, which is under a link",
    ),
    "reserve_released": dict.fromkeys(
        ("business_date", "merchant_id", "issuer_id", "released_on", "journal_id"),
        "under the digest that its step left, which is under a link",
    ),
    "ad_charge": dict.fromkeys(
        ("booking_id", "business_date", "amount_minor", "journal_id"),
        "under the digest that its step left, which is under a link",
    ),
    "statement_correction": dict.fromkeys(
        ("business_date", "place", "side", "corrected_on", "journal_id"),
        "under the digest that its step left, which is under a link",
    ),
    "alliance_settlement": {
        **dict.fromkeys(
            (
                "business_date", "place", "terms_id", "programme", "merchant_id", "issuer_id",
                "act", "points", "amount_minor", "unit", "is_prefunded", "journal_id", "leg",
            ),
            "under the digest that its step left, which is under a link",
        ),
        "alliance_id": "its programme's",
    },
    "position_part": dict.fromkeys(
        (
            "business_date", "place", "merchant_id", "store_id", "issuer_id", "product_id", "kind",
            "channel", "unit", "items", "amount_minor", "points_earned", "merchant_fee_minor",
            "issuer_fee_minor",
        ),
        "under the digest that its step left, which is under a link",
    ),
    "declined_part": dict.fromkeys(
        (
            "business_date", "place", "merchant_id", "store_id", "kind", "channel", "reason",
            "items",
        ),
        "under the digest that its step left, which is under a link",
    ),
}  # fmt: skip
"""What a posting writes, and what the night sums: each column, and what it is held against."""

CHAINS: Final[Mapping[str, str]] = {
    "seal": "each over the one before and its batch; the last ones stand in signed heads",
    "change": "under the links, once it is linked",
    "change_link": "each over the one before and its changes; the last stands in signed heads",
    "signed_head": "signed, numbered without a gap, and in the file beside the host",
}
"""The chains themselves."""
