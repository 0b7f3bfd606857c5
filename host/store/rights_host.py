"""Rights of the programs that post and that clear: POSTER and NIGHT."""

from collections.abc import Mapping
from typing import Final

from host.store.right import WHOLE, Right, columns

POSTER: Final[Mapping[str, Right]] = {
    "acceptance": Right(reads=WHOLE),
    "account": Right(reads=columns("id chart unit issuer_id merchant_id")),
    "adjustment": Right(reads=WHOLE, inserts=WHOLE),
    "advice": Right(reads=WHOLE, inserts=WHOLE),
    "alliance": Right(reads=columns("id code")),
    "alliance_member": Right(
        reads=columns("alliance_id issuer_id merchant_id member_from member_until earns redeems")
    ),
    "business_day": Right(reads=columns("business_date state")),
    "card": Right(
        reads=WHOLE,
        updates=columns(
            "pin_failures status sale valid_from valid_to member_id code_hash code_sealed "
            "member_since activated_id activated_at"
        ),
    ),
    "card_batch": Right(
        reads=columns("id issuer_id product_id product_version state face_minor merchants stores")
    ),
    "card_batch_part": Right(reads=columns("id batch_id state")),
    "case_report": Right(reads=WHOLE, inserts=WHOLE),
    "change": Right(reads=WHOLE, inserts=columns("relation key before digest content")),
    "change_link": Right(reads=WHOLE, inserts=WHOLE),
    "breakage": Right(reads=WHOLE, inserts=WHOLE),
    "conversion": Right(reads=WHOLE, inserts=WHOLE),
    "earn_rule": Right(
        reads=columns(
            "programme code since until priority merchants stores categories goods products "
            "weekdays time_from time_until amount_min_minor amount_max_minor times per bonus "
            "points_max points_max_day points_max_month"
        ),
    ),
    "earned_by": Right(reads=WHOLE, inserts=WHOLE),
    "earn_counted": Right(reads=WHOLE, inserts=WHOLE),
    "draw": Right(reads=WHOLE, inserts=WHOLE),
    "entry": Right(
        reads=columns("shard journal_id leg debit_account credit_account amount_minor unit"),
        inserts=WHOLE,
    ),
    "cash_load": Right(reads=WHOLE, updates=columns("state journal_id handed_id")),
    "port_payment": Right(reads=WHOLE, updates=columns("state journal_id")),
    "code_try": Right(reads=WHOLE, inserts=WHOLE, updates=columns("tries began_at")),
    "estate_change": Right(reads=WHOLE),
    "estate_version": Right(reads=WHOLE),
    "department": Right(reads=columns("enterprise_id name may_goods may_services")),
    "employee": Right(reads=columns("id enterprise_id department")),
    "staff_voucher": Right(reads=columns("card_id employee_id gives")),
    "exception_case": Right(
        reads=WHOLE,
        inserts=columns(
            "kind terminal_id epoch stan detail amount_minor unit times opened_at seen_at"
        ),
        updates=columns("times seen_at resolved_at resolved_by note"),
    ),
    "exchange": Right(
        reads=columns(
            "home slot id shard seal kind fingerprint reason is_tombstone answer business_date "
            "decided_at"
        ),
        inserts=columns(
            "home slot id shard seal kind fingerprint reason is_tombstone answer card_id "
            "terminal_id business_date decided_at"
        ),
    ),
    "gift": Right(
        reads=WHOLE,
        inserts=columns(
            "shard journal_id card_id issuer_id sender_id depth sent_at due_at token_hash "
            "phone_hash phone_masked wish from_name"
        ),
        updates=columns("state ended_as ended_at to_shard to_card ended_id receiver_id"),
    ),
    "hold": Right(
        reads=WHOLE,
        inserts=columns(
            "shard id code card_id issuer_id account_id unit owner merchant_id terminal_id "
            "amount_minor held_minor opened_at expires_at"
        ),
        updates=columns("amount_minor held_minor ended_by"),
    ),
    "hold_fact": Right(reads=WHOLE, inserts=WHOLE),
    "issuer": Right(
        reads=columns(
            "id institution_id pan_prefix currency amount_minor_max balance_minor_max "
            "pin_tries_max is_active hold_days hold_over_percent"
        ),
    ),
    "journal": Right(
        reads=columns(
            "shard id seal slot kind original_id card_id issuer_id merchant_id terminal_id "
            "amount_minor unit"
        ),
        inserts=columns(
            "shard id seal home slot kind original_id card_id issuer_id merchant_id terminal_id "
            "amount_minor unit business_date previous_id"
        ),
    ),
    "key_rotation": Right(reads=columns("terminal_id through_generation asked_as")),
    "lot": Right(
        reads=WHOLE,
        inserts=columns("shard account_id id earned_on expires_on points remaining available_from"),
        updates=columns("remaining written_off"),
    ),
    "lot_use": Right(reads=WHOLE, inserts=WHOLE),
    "lottery": Right(
        reads=columns(
            "id code name issuer_id merchant_id alliance_id unit cost_points threshold_points cap "
            "opens_on closes_on state author_words freezer_words seed_sealed commitment"
        ),
    ),
    "lottery_entrant": Right(reads=WHOLE, inserts=WHOLE, updates=columns("draws")),
    "lottery_list": Right(reads=columns("lottery_id lines link"), updates=columns("lines link")),
    "member": Right(reads=columns("id state phone_hash record_at")),
    "merchant": Right(reads=columns("id merchant_id name is_active trade city")),
    "move": Right(
        reads=WHOLE,
        inserts=columns(
            "shard card_id name origin made_by asked_at issuer_id to_shard to_card points unit"
        ),
        updates=columns(
            "wanted step state refused ended_at to_shard to_card made_by asked_at points unit"
        ),
    ),
    "number_block": Right(reads=WHOLE, inserts=WHOLE, updates=columns("next_number")),
    "order_reference": Right(inserts=WHOLE),
    "pay_code": Right(reads=WHOLE, updates=columns("used_by")),
    "points_expiry": Right(reads=WHOLE, inserts=WHOLE),
    "points_life": Right(reads=WHOLE),
    "points_price": Right(reads=WHOLE),
    "prize": Right(reads=WHOLE),
    "prize_paid": Right(reads=columns("shard journal_id")),
    "prize_stock": Right(reads=columns("lottery_id place taken"), updates=columns("taken")),
    "product_version": Right(
        reads=columns(
            "product_id version form face_minor_min face_minor_max valid_from valid_to valid_days "
            "is_reloadable pin activation amount_minor_max balance_minor_max regifts_max kind "
            "entries buys may_load sale_minor_min grace_days goods regions "
            "hold_days hold_over_percent"
        ),
    ),
    "programme": Right(
        reads=columns(
            "code issuer_id alliance_id merchant_id is_primary earn_points earn_per_minor "
            "redemption_points_min debt_is_allowed"
        ),
    ),
    "purse": Right(
        reads=columns(
            "shard card_id account_id unit posted_minor held_minor expires_from last_journal "
            "pending_minor pending_from"
        ),
        inserts=columns(
            "shard card_id account_id unit posted_minor floor_minor expires_from last_journal "
            "pending_minor pending_from"
        ),
        updates=columns(
            "posted_minor held_minor expires_from last_journal pending_minor pending_from"
        ),
    ),
    "rule_pack_use": Right(reads=WHOLE),
    "rule_told": Right(reads=WHOLE, inserts=WHOLE),
    "rule_version": Right(reads=WHOLE),
    "schema_migration": Right(reads=columns("number")),
    "seal": Right(reads=columns("shard seq digest"), inserts=WHOLE),
    "setting": Right(reads=WHOLE),
    "signed_head": Right(reads=WHOLE, inserts=WHOLE),
    "store": Right(reads=columns("id merchant_id region")),
    "terminal": Right(reads=WHOLE, updates=columns("epoch serial key_generation")),
    "terminal_batch": Right(
        reads=WHOLE,
        inserts=WHOLE,
        updates=columns(
            "state attempt business_date told counted answer end_answer settled_at closed_at "
            "marks is_proved"
        ),
    ),
    "terminal_counter": Right(reads=WHOLE, inserts=WHOLE, updates=columns("counter slot")),
    "terminal_key": Right(
        reads=WHOLE,
        inserts=columns("terminal_id usage generation check_value block"),
        deletes=True,
    ),
    "terminal_status": Right(reads=WHOLE, inserts=WHOLE, updates=columns("status reported_at")),
    "transit": Right(
        reads=WHOLE,
        inserts=columns("shard journal_id to_shard to_card expires_on is_debt available_from"),
        updates=columns("is_open"),
    ),
    "undo": Right(reads=WHOLE, inserts=WHOLE),
    "upload_record": Right(reads=WHOLE, inserts=WHOLE),
    "usage_counter": Right(
        reads=WHOLE, inserts=WHOLE, updates=columns("period_from times amount_minor")
    ),
    "voucher_use": Right(reads=WHOLE, inserts=WHOLE),
    "zone_key": Right(reads=columns("name block")),
}
"""The host: it trades, opens cases, mints working keys, and signs heads."""
NIGHT: Final[Mapping[str, Right]] = {
    "account": Right(reads=columns("id chart unit issuer_id merchant_id")),
    "advice": Right(reads=columns("shard journal_id reference pan_masked")),
    "alliance_settlement": Right(
        reads=columns(
            "business_date place terms_id programme merchant_id issuer_id act points amount_minor "
            "unit is_prefunded journal_id leg"
        ),
        inserts=WHOLE,
    ),
    "alliance_terms": Right(
        reads=columns(
            "id programme merchant_id since settled per_points issued_minor redeemed_minor "
            "fee_millionths share_millionths"
        )
    ),
    "business_day": Right(
        reads=WHOLE,
        inserts=columns("business_date state opened_at"),
        updates=columns("state closed_at"),
    ),
    "card": Right(reads=columns("shard id pan_masked part_id status valid_to")),
    "card_batch": Right(reads=columns("id state product_id product_version")),
    "card_batch_part": Right(reads=columns("id batch_id")),
    "change": Right(reads=WHOLE, inserts=columns("relation key before digest keys digests")),
    "change_link": Right(reads=WHOLE, inserts=WHOLE),
    "checkpoint": Right(reads=WHOLE, inserts=WHOLE),
    "checkpoint_seal": Right(reads=WHOLE, inserts=WHOLE),
    "clearing_file": Right(reads=WHOLE, inserts=WHOLE),
    "clearing_finding": Right(reads=WHOLE, inserts=WHOLE),
    "clearing_handed_out": Right(reads=WHOLE, inserts=WHOLE),
    "clearing_release": Right(reads=columns("business_date files_digest released_at")),
    "clearing_run": Right(
        reads=WHOLE,
        inserts=columns("business_date started_at"),
        updates=columns("completed_at"),
    ),
    "clearing_step": Right(reads=WHOLE, inserts=WHOLE),
    "day_state": Right(reads=columns("business_date state steps taken_by released_by")),
    "delivery": Right(
        reads=WHOLE,
        inserts=columns("business_date name way_id state attempts next_at last_error queued_at"),
        updates=columns(
            "state attempts next_at last_error size_bytes sha256 delivered_at acknowledged_at"
        ),
    ),
    "delivery_way": Right(
        reads=columns("id form directory host port login host_key is_acknowledged")
    ),
    "delivery_way_now": Right(reads=columns("id merchant_id issuer_id")),
    "declined_part": Right(reads=WHOLE, inserts=WHOLE),
    "entry": Right(
        reads=columns("shard journal_id debit_account credit_account amount_minor business_date"),
        inserts=columns(
            "business_date shard journal_id leg debit_account credit_account amount_minor unit"
        ),
    ),
    "exception_case": Right(reads=WHOLE, updates=columns("resolved_at resolved_by note")),
    "exchange": Right(
        reads=columns(
            "home slot id shard seal kind reason is_tombstone terminal_id decided_at business_date"
        ),
        inserts=columns(
            "business_date decided_at home slot id shard seal kind fingerprint reason "
            "is_tombstone answer card_id terminal_id"
        ),
    ),
    "fee": Right(reads=WHOLE),
    "fee_charge": Right(reads=WHOLE, inserts=WHOLE),
    "gift": Right(reads=columns("state due_at")),
    "hold": Right(reads=columns("owner held_minor expires_at")),
    "issuer": Right(reads=columns("id institution_id is_active currency")),
    "journal": Right(
        reads=columns(
            "shard id seal slot kind original_id card_id merchant_id terminal_id amount_minor unit"
        ),
        inserts=columns(
            "business_date shard id seal home slot kind original_id card_id issuer_id merchant_id "
            "terminal_id amount_minor unit previous_id"
        ),
    ),
    "ledger_account": Right(reads=columns("id chart unit")),
    "lot_use": Right(reads=WHOLE),
    "merchant": Right(reads=columns("id merchant_id name is_active trade")),
    "move": Right(reads=columns("shard card_id name state asked_at")),
    "movement": Right(reads=columns("shard journal_id account_id amount_minor business_date")),
    "number_block": Right(reads=WHOLE, inserts=WHOLE, updates=columns("next_number")),
    "points_expiry": Right(reads=columns("business_date")),
    "points_price": Right(reads=WHOLE),
    "report_made": Right(reads=columns("schedule_id business_date rows content sha256")),
    "reserve_terms": Right(reads=columns("id merchant_id since millionths held_days")),
    "ad_booking": Right(reads=columns("id merchant_id issuer_id price_minor unit")),
    "ad_end": Right(reads=columns("booking_id ended_on")),
    "ad_day": Right(reads=WHOLE),
    "ad_charge": Right(reads=WHOLE, inserts=WHOLE),
    "reserve_held": Right(reads=WHOLE, inserts=WHOLE),
    "reserve_released": Right(reads=WHOLE, inserts=WHOLE),
    "position": Right(reads=WHOLE, inserts=WHOLE),
    "position_part": Right(reads=WHOLE, inserts=WHOLE),
    "product_version": Right(reads=columns("product_id version grace_days")),
    "programme": Right(reads=columns("issuer_id code is_primary alliance_id")),
    "purse": Right(reads=columns("shard account_id unit posted_minor")),
    "schema_migration": Right(reads=columns("number")),
    "seal": Right(
        reads=columns("shard seq previous digest items business_date"),
        inserts=columns("form business_date sealed_at shard seq previous digest items"),
    ),
    "setting": Right(reads=WHOLE),
    "settlement_statement": Right(reads=WHOLE, inserts=WHOLE),
    "signed_head": Right(reads=WHOLE, inserts=WHOLE),
    "statement_answer": Right(reads=columns("business_date place side is_upheld answered_on")),
    "statement_correction": Right(reads=WHOLE, inserts=WHOLE),
    "statement_held": Right(reads=columns("business_date place side journal_id amount_minor")),
    "statement_of_parts": Right(reads=WHOLE),
    "store": Right(reads=columns("id merchant_id")),
    "terminal": Right(reads=columns("terminal_id store_id is_active epoch serial settles_points")),
    "terminal_batch": Right(reads=WHOLE),
    "terminal_key": Right(reads=columns("terminal_id usage generation check_value")),
    "terminal_status": Right(reads=WHOLE),
    "trial_balance": Right(reads=WHOLE, inserts=WHOLE),
    "undo": Right(reads=columns("shard original_id attempt journal_id kind amount_minor is_moot")),
}
"""The night and the desk of `posswitch terminal`: positions, files, cases that are resolved."""
