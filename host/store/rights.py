"""RIGHTS: what each role of the database may do, column by column.

A role may do what the statements of its programs do, and nothing else. What they need PostgreSQL
itself tells a test, and another walks the catalogue: every table, every column, every role. So a
right is a row here and a GRANT in a migration, once a statement needs it; what no statement needs
any longer is taken out of both.

`posswitch_auditor` has no rows: it reads every table, and writes none. `posswitch_reader` is for
people and their own tools: it reads every column but those of UNSEEN.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Columns = tuple[str, ...]

WHOLE: Final[Columns] = ("*",)
"""Every column there is, as the digest of a row that is noted needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What one role may do with one table or view."""

    reads: Columns = ()
    inserts: Columns = ()
    updates: Columns = ()
    deletes: bool = False


def _of(columns: str) -> Columns:
    return tuple(columns.split())


POSTER: Final[Mapping[str, Right]] = {
    "acceptance": Right(reads=WHOLE),
    "account": Right(reads=_of("id chart unit issuer_id merchant_id")),
    "adjustment": Right(reads=WHOLE, inserts=WHOLE),
    "advice": Right(reads=WHOLE, inserts=WHOLE),
    "alliance_member": Right(
        reads=_of("alliance_id issuer_id merchant_id member_from member_until earns redeems")
    ),
    "business_day": Right(reads=_of("business_date state")),
    "card": Right(
        reads=WHOLE,
        updates=_of(
            "pin_failures status sale valid_from valid_to member_id code_hash code_sealed "
            "activated_id activated_at"
        ),
    ),
    "card_batch": Right(reads=_of("id issuer_id product_id product_version state face_minor")),
    "card_batch_part": Right(reads=_of("id batch_id state")),
    "case_report": Right(reads=WHOLE, inserts=WHOLE),
    "change": Right(reads=WHOLE, inserts=_of("relation key before digest content")),
    "change_link": Right(reads=WHOLE, inserts=WHOLE),
    "entry": Right(
        reads=_of("shard journal_id leg debit_account credit_account amount_minor unit"),
        inserts=WHOLE,
    ),
    "estate_change": Right(reads=WHOLE),
    "estate_version": Right(reads=WHOLE),
    "exception_case": Right(
        reads=WHOLE,
        inserts=_of("kind terminal_id epoch stan detail amount_minor unit times opened_at seen_at"),
        updates=_of("times seen_at resolved_at resolved_by note"),
    ),
    "exchange": Right(
        reads=_of(
            "home slot id shard seal kind fingerprint reason is_tombstone answer business_date "
            "decided_at"
        ),
        inserts=_of(
            "home slot id shard seal kind fingerprint reason is_tombstone answer card_id "
            "terminal_id business_date decided_at"
        ),
    ),
    "issuer": Right(
        reads=_of(
            "id institution_id pan_prefix currency amount_minor_max balance_minor_max "
            "pin_tries_max is_active"
        ),
    ),
    "journal": Right(
        reads=_of(
            "shard id seal slot kind original_id card_id issuer_id merchant_id terminal_id "
            "amount_minor unit"
        ),
        inserts=_of(
            "shard id seal home slot kind original_id card_id issuer_id merchant_id terminal_id "
            "amount_minor unit business_date previous_id"
        ),
    ),
    "key_rotation": Right(reads=_of("terminal_id through_generation asked_as")),
    "lot": Right(
        reads=WHOLE,
        inserts=_of("shard account_id id earned_on expires_on points remaining"),
        updates=_of("remaining written_off"),
    ),
    "lot_use": Right(reads=WHOLE, inserts=WHOLE),
    "member": Right(reads=_of("id state")),
    "merchant": Right(reads=_of("id merchant_id name is_active")),
    "move": Right(
        reads=WHOLE,
        inserts=_of("shard card_id name origin made_by asked_at issuer_id"),
        updates=_of("wanted step state refused ended_at"),
    ),
    "number_block": Right(reads=WHOLE, inserts=WHOLE, updates=_of("next_number")),
    "order_reference": Right(inserts=WHOLE),
    "points_expiry": Right(reads=WHOLE, inserts=WHOLE),
    "product_version": Right(
        reads=_of(
            "product_id version form face_minor_min face_minor_max valid_from valid_to valid_days "
            "is_reloadable pin activation amount_minor_max balance_minor_max"
        ),
    ),
    "programme": Right(
        reads=_of(
            "code issuer_id alliance_id is_primary earn_points earn_per_minor "
            "redemption_points_min lot_months debt_is_allowed"
        ),
    ),
    "purse": Right(
        reads=_of(
            "shard card_id account_id unit posted_minor held_minor expires_from last_journal"
        ),
        inserts=_of(
            "shard card_id account_id unit posted_minor floor_minor expires_from last_journal"
        ),
        updates=_of("posted_minor expires_from last_journal"),
    ),
    "schema_migration": Right(reads=_of("number")),
    "seal": Right(reads=_of("shard seq digest"), inserts=WHOLE),
    "setting": Right(reads=WHOLE),
    "signed_head": Right(reads=WHOLE, inserts=WHOLE),
    "store": Right(reads=_of("id merchant_id")),
    "terminal": Right(reads=WHOLE, updates=_of("epoch serial key_generation")),
    "terminal_batch": Right(
        reads=WHOLE,
        inserts=WHOLE,
        updates=_of(
            "state attempt business_date told counted answer end_answer settled_at closed_at "
            "marks is_proved"
        ),
    ),
    "terminal_counter": Right(reads=WHOLE, inserts=WHOLE, updates=_of("counter slot")),
    "terminal_key": Right(
        reads=WHOLE,
        inserts=_of("terminal_id usage generation check_value block"),
        deletes=True,
    ),
    "terminal_status": Right(reads=WHOLE, inserts=WHOLE, updates=_of("status reported_at")),
    "transit": Right(
        reads=WHOLE,
        inserts=_of("shard journal_id to_shard to_card expires_on is_debt"),
        updates=_of("is_open"),
    ),
    "undo": Right(reads=WHOLE, inserts=WHOLE),
    "upload_record": Right(reads=WHOLE, inserts=WHOLE),
    "zone_key": Right(reads=_of("name block")),
}
"""The host: it trades, opens cases, mints working keys, and signs heads."""

NIGHT: Final[Mapping[str, Right]] = {
    "account": Right(reads=_of("id chart unit issuer_id merchant_id")),
    "advice": Right(reads=_of("shard journal_id reference pan_masked")),
    "business_day": Right(
        reads=WHOLE,
        inserts=_of("business_date state opened_at"),
        updates=_of("state closed_at"),
    ),
    "card": Right(reads=_of("shard id pan_masked")),
    "change": Right(reads=WHOLE, inserts=_of("relation key before digest")),
    "change_link": Right(reads=WHOLE, inserts=WHOLE),
    "checkpoint": Right(reads=WHOLE, inserts=WHOLE),
    "checkpoint_seal": Right(reads=WHOLE, inserts=WHOLE),
    "clearing_file": Right(reads=WHOLE, inserts=WHOLE),
    "clearing_run": Right(
        reads=WHOLE,
        inserts=_of("business_date started_at"),
        updates=_of("completed_at"),
    ),
    "clearing_step": Right(reads=WHOLE, inserts=WHOLE),
    "entry": Right(reads=_of("shard journal_id business_date")),
    "exception_case": Right(reads=WHOLE, updates=_of("resolved_at resolved_by note")),
    "exchange": Right(reads=_of("home slot id shard seal decided_at")),
    "issuer": Right(reads=_of("id institution_id is_active")),
    "journal": Right(
        reads=_of("shard id slot kind original_id card_id terminal_id amount_minor unit"),
    ),
    "ledger_account": Right(reads=_of("id chart unit")),
    "merchant": Right(reads=_of("id merchant_id name is_active")),
    "movement": Right(reads=_of("shard journal_id account_id amount_minor business_date")),
    "position": Right(reads=WHOLE, inserts=WHOLE),
    "programme": Right(reads=_of("issuer_id code is_primary")),
    "purse": Right(reads=_of("shard account_id unit posted_minor")),
    "schema_migration": Right(reads=_of("number")),
    "seal": Right(reads=_of("shard seq digest business_date")),
    "setting": Right(reads=WHOLE),
    "signed_head": Right(reads=WHOLE, inserts=WHOLE),
    "store": Right(reads=_of("id merchant_id")),
    "terminal": Right(reads=_of("terminal_id store_id is_active epoch serial settles_points")),
    "terminal_batch": Right(reads=WHOLE),
    "terminal_key": Right(reads=_of("terminal_id usage generation check_value")),
    "terminal_status": Right(reads=WHOLE),
    "trial_balance": Right(reads=WHOLE, inserts=WHOLE),
    "undo": Right(reads=_of("shard original_id journal_id kind")),
}
"""The night and the desk of `posswitch terminal`: positions, files, cases that are resolved."""

OFFICE: Final[Mapping[str, Right]] = {
    "acceptance": Right(reads=WHOLE, inserts=WHOLE, deletes=True),
    "account": Right(reads=WHOLE, inserts=_of("id chart unit issuer_id merchant_id")),
    "alliance": Right(reads=WHOLE, inserts=WHOLE, updates=_of("name")),
    "alliance_member": Right(reads=WHOLE, inserts=WHOLE, updates=_of("member_until earns redeems")),
    "approval": Right(
        reads=WHOLE,
        inserts=_of(
            "action subject_kind subject_key issuer_id merchant_id store_id "
            "member_id alliance_id asked sealed foretold digest seen asked_by asked_as asked_at "
            "expires_at"
        ),
        updates=_of("state decided_by decided_at note outcome sealed"),
    ),
    "business_day": Right(reads=_of("business_date state")),
    "change": Right(inserts=_of("relation key digest content before keys digests")),
    "card": Right(
        reads=WHOLE,
        inserts=_of(
            "shard pan_hash id issuer_id status expiry pan_masked pan_sealed part_id sale "
            "valid_from valid_to code_hash code_sealed"
        ),
        updates=_of(
            "status sale sale_id shipment_id valid_from valid_to member_id code_hash code_sealed "
            "expired_from"
        ),
    ),
    "card_batch": Right(
        reads=WHOLE,
        inserts=_of(
            "id code issuer_id product_id product_version name responsible vendor_id face_minor "
            "valid_from valid_to note state made_by made_at"
        ),
        updates=_of("name responsible vendor_id valid_from valid_to note state suspended_by"),
    ),
    "card_batch_part": Right(
        reads=WHOLE,
        inserts=_of("id batch_id number cards state added_by added_at is_chosen"),
        updates=_of("state opened_by opened_at made brings_value"),
    ),
    "card_face": Right(reads=WHOLE, inserts=WHOLE, updates=_of("name version")),
    "card_face_version": Right(reads=WHOLE, inserts=WHOLE),
    "card_sale": Right(
        reads=WHOLE,
        inserts=_of(
            "issuer_id product_id order_reference channel buyer member_id cards price_minor "
            "sold_by sold_at"
        ),
        updates=_of("state returned_by returned_at"),
    ),
    "checkpoint": Right(reads=_of("account_id business_date balance_minor")),
    "clearing_run": Right(reads=_of("business_date completed_at")),
    "code_try": Right(reads=WHOLE, inserts=WHOLE, updates=_of("tries began_at"), deletes=True),
    "disclosure": Right(
        reads=WHOLE,
        inserts=_of(
            "at kind person_id subject_kind subject_key issuer_id merchant_id store_id member_id "
            "alliance_id what values_shown has_secrets recipient purpose released_by file_id"
        ),
        updates=_of("values_shown downloads downloaded_at"),
    ),
    "estate_change": Right(reads=WHOLE, inserts=WHOLE),
    "estate_version": Right(reads=WHOLE, updates=_of("version")),
    "entry": Right(reads=_of("shard journal_id debit_account credit_account amount_minor")),
    "exchange": Right(
        reads=_of(
            "home slot id shard kind reason is_tombstone answer card_id terminal_id business_date "
            "decided_at"
        )
    ),
    "history": Right(
        reads=WHOLE,
        inserts=_of(
            "at person_id acting_as action subject_kind subject_key issuer_id "
            "merchant_id store_id member_id alliance_id before after note approval_id source "
            "outcome"
        ),
    ),
    "invitation": Right(
        reads=WHOLE,
        inserts=_of("token_hash person_id made_at made_by expires_at"),
        updates=_of("used_at"),
        deletes=True,
    ),
    "issuer": Right(
        reads=WHOLE,
        inserts=_of(
            "id institution_id name pan_prefix currency amount_minor_max "
            "balance_minor_max pin_tries_max"
        ),
        updates=_of("name amount_minor_max balance_minor_max pin_tries_max is_active"),
    ),
    "job": Right(
        reads=WHOLE,
        inserts=_of(
            "action subject_kind subject_key issuer_id merchant_id store_id "
            "member_id alliance_id plan total asked_by asked_at"
        ),
        updates=_of("state done started_at beat_at ended_at error"),
    ),
    "journal": Right(
        reads=_of(
            "shard id home slot original_id card_id issuer_id merchant_id terminal_id amount_minor "
            "unit previous_id origin made_by"
        )
    ),
    "key_rotation": Right(
        reads=WHOLE,
        inserts=_of("terminal_id through_generation asked_by asked_at"),
        updates=_of("through_generation asked_by asked_at asked_as"),
    ),
    "member": Right(
        reads=WHOLE,
        inserts=_of("phone_hash phone_sealed phone_masked name merchant_id made_by made_at"),
        updates=_of("name state merchant_id closing_at phone_hash phone_sealed phone_masked"),
    ),
    "merchant": Right(
        reads=WHOLE,
        inserts=_of("id merchant_id name trade city contact"),
        updates=_of("name is_active trade city contact closed_on"),
    ),
    "office_file": Right(
        reads=WHOLE,
        inserts=_of(
            "kind name person_id issuer_id merchant_id store_id alliance_id state bytes sha256 "
            "password_sealed made_at expires_at"
        ),
        updates=_of("state bytes sha256 password_sealed expires_at"),
    ),
    "office_file_piece": Right(reads=WHOLE, inserts=WHOLE, deletes=True),
    "move": Right(
        reads=WHOLE,
        inserts=_of(
            "shard card_id name to_shard to_card origin made_by asked_at issuer_id fee_minor"
        ),
        updates=_of("wanted state refused ended_at"),
    ),
    "office_setting": Right(reads=WHOLE, updates=_of("value since set_by")),
    "transit": Right(reads=_of("shard journal_id to_shard to_card is_open is_debt")),
    "once_key": Right(reads=WHOLE, inserts=WHOLE, deletes=True),
    "order_reference": Right(reads=WHOLE),
    "person": Right(
        reads=WHOLE,
        inserts=_of(
            "login name phone_hash phone_sealed phone_masked issuer_id merchant_id "
            "store_id alliance_id created_at created_by"
        ),
        updates=_of(
            "name phone_hash phone_sealed phone_masked password_hash totp_sealed "
            "totp_is_on totp_step state failures locked_until signed_in_at"
        ),
    ),
    "person_grant": Right(
        reads=WHOLE,
        inserts=_of(
            "person_id role scope issuer_id merchant_id store_id alliance_id rights "
            "limit_minor from_at until_at granted_by"
        ),
        updates=_of("ended_at ended_by"),
    ),
    "purse": Right(reads=_of("shard card_id account_id unit posted_minor held_minor last_journal")),
    "product": Right(reads=WHOLE, inserts=WHOLE, updates=_of("name")),
    "product_version": Right(reads=WHOLE, inserts=WHOLE),
    "programme": Right(
        reads=WHOLE,
        inserts=_of(
            "code issuer_id alliance_id name earn_points earn_per_minor redemption_points_min "
            "lot_months debt_is_allowed is_primary"
        ),
        updates=_of("name earn_points earn_per_minor redemption_points_min lot_months version"),
    ),
    "schema_migration": Right(reads=_of("number")),
    "session": Right(
        reads=WHOLE,
        inserts=_of("token_hash person_id grant_id made_at used_at expires_at source"),
        updates=_of("grant_id used_at ended_at"),
        deletes=True,
    ),
    "setting": Right(reads=_of("name value")),
    "shipment": Right(
        reads=WHOLE,
        inserts=_of(
            "issuer_id batch_id reference cards recipient carrier tracking sent_by sent_at"
        ),
    ),
    "step_up": Right(reads=WHOLE, inserts=WHOLE, updates=_of("asked_at tries"), deletes=True),
    "store": Right(reads=WHOLE, inserts=WHOLE, updates=_of("name address hours phone is_active")),
    "terminal": Right(
        reads=WHOLE,
        inserts=_of("terminal_id store_id epoch mac_algorithm serial settles_points family"),
        updates=_of("store_id is_active settles_points"),
    ),
    "terminal_batch": Right(reads=_of("institution terminal_id state")),
    "terminal_key": Right(reads=_of("terminal_id usage generation check_value")),
    "terminal_status": Right(reads=_of("terminal_id reported_at")),
    "vendor": Right(reads=WHOLE, inserts=WHOLE, updates=_of("name contact note")),
    "undo": Right(
        reads=_of("shard original_id attempt journal_id kind amount_minor is_moot"),
    ),
}
"""What people ask for: their own tables, and of the estate what actions change."""

UNSEEN: Final[Mapping[str, Mapping[str, str]]] = {
    "card": {
        "pan_hash": "the number under a key",
        "pan_sealed": "the number under the LMK",
        "pin_value": "what a PIN is verified by",
        "code_hash": "what an activation password is verified by",
        "code_sealed": "the activation password under the LMK",
    },
    "member": {
        "phone_hash": "the number under a key",
        "phone_sealed": "the number under the LMK",
    },
    "upload_record": {"pan_hash": "the number under a key"},
    "change": {
        "key": "that of a card is its number under a key",
        "keys": "those of cards are their numbers under a key",
    },
    "noted_row": {"key": "that of a card is its number under a key"},
    "takeover": {"key": "that of a card is its number under a key"},
    "terminal_key": {"block": "the key under the LMK"},
    "transport_key": {"*": "of the ceremony alone"},
    "key_component": {"*": "of the ceremony alone"},
    "zone_key": {"*": "of the ceremony alone"},
    "person": {
        "password_hash": "what a password is verified by",
        "totp_sealed": "the seed of codes under the LMK",
        "phone_hash": "the number under a key",
        "phone_sealed": "the number under the LMK",
    },
    "invitation": {"token_hash": "of what lets in"},
    "session": {"token_hash": "of what lets in"},
    "step_up": {"session_hash": "of what lets in", "digest": "of values, under a key"},
    "once_key": {"digest": "of values, under a key"},
    "approval": {"sealed": "what was typed in with what was asked, under the LMK"},
    "office_file": {"password_sealed": "a workbook's, under the LMK"},
    "office_file_piece": {"sealed": "of a file, under the LMK"},
}
"""What who looks does not see, and why. Every other column is granted to the reader by name."""

SEEN: Final[Mapping[str, str]] = {
    "card.pan_masked": "masked",
    "member.phone_masked": "masked",
    "card.pin_failures": "a count",
    "advice.pan_masked": "masked",
    "upload_record.pan_masked": "masked",
    "issuer.pan_prefix": "printed on every card",
    "issuer.pin_tries_max": "a rule",
    "product_version.pin": "a rule",
    "estate_change.key": "the number of an issuer, merchant, terminal or card batch",
    "card_face_version.image": "is printed on every card",
    "exchange.answer": "without PIN and keys: it is what a slip says",
    "exchange.fingerprint": "a digest over the keyed hash",
    "terminal.key_generation": "a count",
    "terminal_counter.key_id": "is sent in clear",
    "terminal_batch.answer": "totals",
    "terminal_batch.end_answer": "totals",
    "terminal_status.status": "what a terminal says of itself",
    "clearing_file.sha256": "of a file that its party has",
    "schema_migration.checksum": "of a file that everybody has",
    "checkpoint_seal.digest": "a link of the chain",
    "seal.previous": "a link of the chain",
    "seal.digest": "a link of the chain",
    "change.before": "a digest of a row with secrets under keys",
    "change.digest": "a digest of a row with secrets under keys",
    "change.digests": "digests of rows with secrets under keys",
    "noted_row.before": "a digest of a row with secrets under keys",
    "noted_row.digest": "a digest of a row with secrets under keys",
    "takeover.digest": "a digest of a row with secrets under keys",
    "change_link.previous": "a link of the chain",
    "change_link.digest": "a link of the chain",
    "signed_head.signature": "proves, and opens nothing",
    "person.phone_masked": "masked",
    "approval.digest": "of what is shown beside it",
    "approval.subject_key": "how people name it",
    "history.subject_key": "how people name it",
    "job.subject_key": "how people name it",
    "disclosure.subject_key": "how people name it",
    "office_file.sha256": "of a file that somebody has",
    "once_key.key": "of a form, and opens nothing",
}
"""What looks like a secret by its name or type and is none: why it is shown."""

RIGHTS: Final[Mapping[str, Mapping[str, Right]]] = {
    "posswitch_poster": POSTER,
    "posswitch_night": NIGHT,
    "posswitch_office": OFFICE,
}

SEQUENCES: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("change_number", "USAGE"): frozenset(
        {"posswitch_poster", "posswitch_night", "posswitch_office"}
    ),
    ("change_number", "SELECT"): frozenset({"posswitch_auditor"}),
    **{
        (f"{name}_number", "USAGE"): frozenset({"posswitch_office"})
        for name in (
            "account",
            "person",
            "grant",
            "approval",
            "history",
            "job",
            "card_batch",
            "card_part",
            "card_sale",
            "member",
            "office_file",
            "disclosure",
            "shipment",
        )
    },
}
"""(sequence, privilege): who may. Every other number is taken by the owner alone."""
