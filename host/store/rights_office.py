"""Rights of the login of the office, which shows what views show and writes what actions write."""

from collections.abc import Mapping
from typing import Final

from host.store.right import WHOLE, Right, columns

OFFICE: Final[Mapping[str, Right]] = {
    "acceptance": Right(reads=WHOLE, inserts=WHOLE, deletes=True),
    "advice": Right(reads=columns("shard journal_id reference auth_code pan_masked")),
    "account": Right(reads=WHOLE, inserts=columns("id chart unit issuer_id merchant_id")),
    "alliance": Right(reads=WHOLE, inserts=WHOLE, updates=columns("name")),
    "alliance_member": Right(
        reads=WHOLE, inserts=WHOLE, updates=columns("member_until earns redeems")
    ),
    "api_key": Right(
        reads=WHOLE,
        inserts=columns("token_hash person_id prefix made_at made_by expires_at"),
        updates=columns("expires_at used_at"),
    ),
    "approval": Right(
        reads=WHOLE,
        inserts=columns(
            "action subject_kind subject_key issuer_id merchant_id store_id "
            "member_id alliance_id enterprise_id asked sealed foretold digest seen asked_by "
            "asked_as asked_at expires_at"
        ),
        updates=columns("state decided_by decided_at note outcome sealed"),
    ),
    "breakage": Right(reads=columns("product_id month amount_minor")),
    "business_day": Right(reads=WHOLE),
    "change": Right(inserts=columns("relation key digest content before keys digests")),
    "card": Right(
        reads=WHOLE,
        inserts=columns(
            "shard pan_hash id issuer_id status expiry pan_masked pan_sealed part_id sale "
            "valid_from valid_to code_hash code_sealed"
        ),
        updates=columns(
            "status sale sale_id shipment_id valid_from valid_to member_id code_hash code_sealed "
            "member_since expired_from breakage_on pan_hash pan_masked pan_sealed"
        ),
    ),
    "card_batch": Right(
        reads=WHOLE,
        inserts=columns(
            "id code issuer_id product_id product_version name responsible vendor_id face_minor "
            "valid_from valid_to note state made_by made_at merchants stores "
            "claims_max is_reviewed"
        ),
        updates=columns("name responsible vendor_id valid_from valid_to note state suspended_by"),
    ),
    "card_batch_part": Right(
        reads=WHOLE,
        inserts=columns("id batch_id number cards state added_by added_at is_chosen"),
        updates=columns("state opened_by opened_at made brings_value"),
    ),
    "card_face": Right(reads=WHOLE, inserts=WHOLE, updates=columns("name version state")),
    "card_face_version": Right(reads=WHOLE, inserts=WHOLE),
    "sheet": Right(reads=WHOLE, inserts=WHOLE, updates=columns("name version state")),
    "sheet_version": Right(reads=WHOLE, inserts=WHOLE),
    "card_sale": Right(
        reads=WHOLE,
        inserts=columns(
            "issuer_id product_id order_reference channel buyer member_id cards price_minor "
            "sold_by sold_at"
        ),
        updates=columns("state returned_by returned_at"),
    ),
    "cash_hand_in": Right(
        reads=WHOLE,
        inserts=columns("taken_by amount_minor slip counted_by handed_on handed_at"),
    ),
    "cash_load": Right(
        reads=WHOLE,
        inserts=columns(
            "receipt taken_by merchant_id store_id issuer_id shard card_id amount_minor asked_at "
            "taken_on"
        ),
        updates=columns("state hand_in_id"),
    ),
    "checkpoint": Right(reads=columns("account_id business_date balance_minor")),
    "clearing_run": Right(reads=columns("business_date completed_at")),
    "clearing_file": Right(reads=WHOLE),
    "clearing_handed_out": Right(reads=WHOLE),
    "clearing_finding": Right(reads=columns("business_date step")),
    "clearing_payable": Right(reads=WHOLE),
    "clearing_release": Right(reads=WHOLE, inserts=WHOLE),
    "clearing_step": Right(reads=WHOLE),
    "code_try": Right(reads=WHOLE, inserts=WHOLE, updates=columns("tries began_at"), deletes=True),
    "day_state": Right(reads=WHOLE),
    "delivery": Right(
        reads=WHOLE,
        inserts=columns(
            "business_date name way_id state attempts next_at last_error queued_at schedule_id"
        ),
        updates=columns("state attempts next_at"),
    ),
    "delivery_way": Right(
        reads=WHOLE,
        inserts=columns(
            "merchant_id issuer_id form directory host port login host_key is_acknowledged "
            "is_active set_at set_by agreed_by"
        ),
    ),
    "disclosure": Right(
        reads=WHOLE,
        inserts=columns(
            "at kind person_id subject_kind subject_key issuer_id merchant_id store_id member_id "
            "alliance_id enterprise_id what values_shown has_secrets recipient purpose "
            "released_by file_id"
        ),
        updates=columns("values_shown downloads downloaded_at"),
    ),
    "estate_change": Right(reads=WHOLE, inserts=WHOLE),
    "estate_version": Right(reads=WHOLE, updates=columns("version")),
    "entry": Right(
        reads=columns("shard journal_id leg unit debit_account credit_account amount_minor")
    ),
    "expiry_month": Right(reads=WHOLE, inserts=WHOLE),
    "exception_case": Right(reads=WHOLE, updates=columns("resolved_at resolved_by note")),
    "exchange": Right(
        reads=columns(
            "home slot id shard seal kind reason is_tombstone answer card_id terminal_id "
            "business_date decided_at"
        )
    ),
    "alliance_settlement": Right(
        reads=columns(
            "business_date place terms_id programme alliance_id merchant_id issuer_id act points "
            "amount_minor unit is_prefunded"
        )
    ),
    "settlement_statement": Right(reads=WHOLE),
    "payout": Right(
        reads=WHOLE,
        inserts=columns(
            "business_date merchant_id unit amount_minor end_to_end_id account_id file_id"
        ),
    ),
    "payout_account": Right(
        reads=WHOLE,
        inserts=columns("merchant_id holder account account_masked bank set_at set_by agreed_by"),
    ),
    "payout_file": Right(reads=WHOLE, inserts=WHOLE),
    "payout_statement": Right(reads=WHOLE, inserts=WHOLE),
    "payout_held": Right(reads=WHOLE, inserts=WHOLE),
    "payout_return": Right(reads=WHOLE, inserts=WHOLE, updates=columns("file_id line")),
    "payout_return_said": Right(reads=WHOLE, inserts=WHOLE),
    "payout_again": Right(reads=WHOLE, inserts=WHOLE),
    "recon_return": Right(reads=WHOLE, inserts=WHOLE),
    "statement_confirmed": Right(reads=WHOLE, inserts=WHOLE),
    "statement_dispute": Right(reads=WHOLE, inserts=WHOLE),
    "statement_held": Right(reads=WHOLE, inserts=WHOLE),
    "statement_answer": Right(reads=WHOLE, inserts=WHOLE),
    "statement_correction": Right(reads=WHOLE),
    "statement_due": Right(reads=WHOLE),
    "alliance_terms": Right(reads=WHOLE, inserts=WHOLE),
    "reserve_terms": Right(
        reads=WHOLE,
        inserts=columns("merchant_id since millionths held_days said_by agreed_by"),
    ),
    "ad_slot": Right(
        reads=WHOLE,
        inserts=columns("code shown_at name price_minor unit state set_by set_at"),
        updates=columns("shown_at name price_minor state set_by set_at"),
    ),
    "ad_booking": Right(
        reads=WHOLE,
        inserts=columns(
            "slot_id merchant_id issuer_id first_on last_on title advert_text price_minor unit "
            "made_by agreed_by made_at"
        ),
    ),
    "ad_end": Right(reads=WHOLE, inserts=WHOLE),
    "ad_day": Right(reads=WHOLE, inserts=WHOLE, updates=columns("booking_id")),
    "ad_charge": Right(reads=columns("booking_id amount_minor")),
    "reserve_held": Right(reads=WHOLE),
    "reserve_released": Right(reads=columns("business_date merchant_id issuer_id released_on")),
    "fee": Right(reads=WHOLE, inserts=WHOLE),
    "gift": Right(reads=WHOLE, updates=columns("wish from_name phone_masked phone_hash")),
    "hold": Right(reads=WHOLE),
    "history": Right(
        reads=WHOLE,
        inserts=columns(
            "at person_id acting_as action subject_kind subject_key issuer_id "
            "merchant_id store_id member_id alliance_id enterprise_id before after note "
            "approval_id source outcome"
        ),
    ),
    "invitation": Right(
        reads=WHOLE,
        inserts=columns("token_hash person_id made_at made_by expires_at"),
        updates=columns("used_at"),
        deletes=True,
    ),
    "issuer": Right(
        reads=WHOLE,
        inserts=columns(
            "id institution_id name pan_prefix currency amount_minor_max "
            "balance_minor_max pin_tries_max hold_days hold_over_percent"
        ),
        updates=columns(
            "name amount_minor_max balance_minor_max pin_tries_max is_active hold_days "
            "hold_over_percent"
        ),
    ),
    "job": Right(
        reads=WHOLE,
        inserts=columns(
            "action subject_kind subject_key issuer_id merchant_id store_id "
            "member_id alliance_id enterprise_id plan total asked_by asked_at"
        ),
        updates=columns("state done started_at beat_at ended_at error error_zh"),
    ),
    "draw": Right(
        reads=columns("shard journal_id lottery_id seq act of_seq hit place member_id link")
    ),
    "lottery": Right(
        reads=WHOLE,
        inserts=columns(
            "code name issuer_id merchant_id alliance_id unit cost_points threshold_points cap "
            "opens_on closes_on author_words made_by made_at"
        ),
        updates=columns(
            "state freezer_words seed_sealed commitment seed_told told_lines told_link frozen_by "
            "frozen_at ended_at"
        ),
    ),
    "lottery_list": Right(
        reads=columns("lottery_id lines link"),
        inserts=columns("lottery_id link"),
        updates=columns("held_at"),
    ),
    "prize": Right(reads=WHOLE, inserts=WHOLE),
    "prize_paid": Right(reads=WHOLE, inserts=WHOLE),
    "prize_stock": Right(
        reads=columns("lottery_id place taken"), inserts=columns("lottery_id place stock")
    ),
    "journal": Right(
        reads=columns(
            "shard id seal home slot kind original_id card_id issuer_id merchant_id terminal_id "
            "amount_minor unit previous_id origin made_by"
        )
    ),
    "key_rotation": Right(
        reads=WHOLE,
        inserts=columns("terminal_id through_generation asked_by asked_at"),
        updates=columns("through_generation asked_by asked_at asked_as"),
    ),
    "department": Right(reads=WHOLE, inserts=WHOLE, updates=columns("may_goods may_services")),
    "employee": Right(
        reads=WHOLE,
        inserts=columns(
            "enterprise_id code name member_id phone_masked department grade state saved_by "
            "saved_at"
        ),
        updates=columns("name member_id phone_masked department grade state saved_by saved_at"),
    ),
    "enterprise": Right(
        reads=WHOLE,
        inserts=columns("code issuer_id name contact state made_by made_at"),
        updates=columns("name contact state granted_minor spent_minor"),
    ),
    "enterprise_grant": Right(
        reads=WHOLE,
        inserts=columns("enterprise_id amount_minor note given_by agreed_by given_at"),
    ),
    "enterprise_offer": Right(
        reads=WHOLE,
        inserts=columns("enterprise_id batch_id gives price_minor state set_by set_at"),
        updates=columns("gives price_minor state set_by set_at"),
    ),
    "staff_issue": Right(
        reads=WHOLE,
        inserts=columns(
            "enterprise_id batch_id name gives price_minor planned month made_by made_at"
        ),
        updates=columns("issued refused job_id"),
    ),
    "staff_voucher": Right(
        reads=WHOLE,
        inserts=columns("issue_id place enterprise_id employee_id member_id department gives"),
        updates=columns("card_id state why issued_at"),
    ),
    "reminder": Right(reads=WHOLE, inserts=WHOLE, updates=columns("state saved_by saved_at")),
    "staff_reminder": Right(
        reads=WHOLE,
        inserts=columns("enterprise_id issue_id place occasion next_at made_at"),
        updates=columns("state attempts next_at sent_at"),
    ),
    "letter": Right(
        reads=WHOLE,
        inserts=columns(
            "id thread member_id record_id issuer_id merchant_id way topic title body card_id "
            "written_by wrote_at office_seen_at office_seen_by member_seen_at"
        ),
        updates=columns(
            "title body office_seen_at office_seen_by member_seen_at member_dropped_at"
        ),
    ),
    "member": Right(
        reads=WHOLE,
        inserts=columns(
            "phone_hash phone_sealed phone_masked name merchant_id made_by made_at record_at "
            "issuer_id"
        ),
        updates=columns("name state closing_at phone_hash phone_sealed phone_masked"),
    ),
    "merchant": Right(
        reads=WHOLE,
        inserts=columns("id merchant_id name trade city contact"),
        updates=columns(
            "name is_active trade city contact closed_on introduction_zh introduction_en "
            "service_phone hours"
        ),
    ),
    "office_file": Right(
        reads=WHOLE,
        inserts=columns(
            "kind name person_id issuer_id merchant_id store_id alliance_id enterprise_id "
            "state bytes sha256 password_sealed made_at expires_at"
        ),
        updates=columns("state bytes sha256 password_sealed expires_at"),
    ),
    "office_file_piece": Right(reads=WHOLE, inserts=WHOLE, deletes=True),
    "pickup": Right(
        reads=WHOLE,
        inserts=columns("id card_id member_id store_id due_at asked_at"),
        updates=columns("state prepared_by prepared_at ended_at"),
    ),
    "pickup_use": Right(reads=WHOLE, inserts=WHOLE),
    "pay_code": Right(
        reads=WHOLE,
        inserts=columns("code_hash member_id store_id amount_minor made_by made_at expires_at"),
        updates=columns("is_over"),
    ),
    "move": Right(
        reads=WHOLE,
        inserts=columns(
            "shard card_id name to_shard to_card origin made_by asked_at issuer_id fee_minor"
        ),
        updates=columns("to_shard to_card made_by asked_at wanted state refused ended_at"),
    ),
    "office_setting": Right(reads=WHOLE, updates=columns("value since set_by")),
    "transit": Right(reads=columns("shard journal_id to_shard to_card is_open is_debt")),
    "once_key": Right(reads=WHOLE, inserts=WHOLE, deletes=True),
    "order_reference": Right(reads=WHOLE),
    "person": Right(
        reads=WHOLE,
        inserts=columns(
            "login name phone_hash phone_sealed phone_masked issuer_id merchant_id "
            "store_id alliance_id enterprise_id member_id created_at created_by state is_client"
        ),
        updates=columns(
            "name phone_hash phone_sealed phone_masked password_hash totp_sealed "
            "totp_is_on totp_step state failures locked_until signed_in_at pay_pin_hash"
        ),
    ),
    "port_moved": Right(reads=WHOLE),
    "port_payment": Right(
        reads=WHOLE,
        inserts=columns(
            "id port order_number member_id asked_by issuer_id shard card_id amount_minor plan "
            "asked_at expires_at next_look_at"
        ),
        updates=columns("state reference paid_at refunded_at refusal looks next_look_at"),
    ),
    "port_payment_more": Right(
        reads=WHOLE,
        inserts=columns("payment_id reference amount_minor paid_at seen_at"),
        updates=columns("refunded_at"),
    ),
    "port_simulated": Right(
        reads=WHOLE,
        inserts=columns("order_number amount_minor"),
        updates=columns("is_closed silent_until paid"),
    ),
    "phone_code": Right(
        reads=WHOLE,
        inserts=columns("phone_hash sent_for code_hash sent_at"),
        updates=columns("code_hash sent_at tries"),
        deletes=True,
    ),
    "person_grant": Right(
        reads=WHOLE,
        inserts=columns(
            "person_id role scope issuer_id merchant_id store_id alliance_id enterprise_id rights "
            "limit_minor actions views networks calls_a_minute from_at until_at granted_by"
        ),
        updates=columns("ended_at ended_by"),
    ),
    "earn_rule": Right(
        reads=WHOLE,
        inserts=WHOLE,
        updates=columns(
            "until name priority merchants stores categories goods products weekdays time_from "
            "time_until amount_min_minor amount_max_minor times per bonus points_max "
            "points_max_day points_max_month"
        ),
    ),
    "earned_by": Right(reads=columns("shard journal_id unit rule points since")),
    "earn_counted": Right(reads=WHOLE),
    "hold_fact": Right(reads=columns("shard hold_id journal_id turn fact amount_minor")),
    "lot_use": Right(reads=columns("shard journal_id lot_id account_id points")),
    "conversion": Right(reads=columns("shard journal_id rate_id")),
    "lot": Right(
        reads=columns("shard account_id id earned_on expires_on available_from points remaining")
    ),
    "position_part": Right(reads=WHOLE),
    "declined_part": Right(
        reads=columns("business_date merchant_id store_id kind channel reason items")
    ),
    "points_life": Right(
        reads=WHOLE, inserts=WHOLE, updates=columns("life life_count pending_days")
    ),
    "points_price": Right(reads=WHOLE, inserts=WHOLE, updates=columns("points worth_minor")),
    "purse": Right(reads=columns("shard card_id account_id unit posted_minor held_minor")),
    "purse_now": Right(
        reads=columns(
            "shard card_id account_id unit posted_minor held_minor last_journal spendable_minor "
            "pending_minor"
        )
    ),
    "product": Right(reads=WHOLE, inserts=WHOLE, updates=columns("name")),
    "product_version": Right(reads=WHOLE, inserts=WHOLE),
    "programme": Right(
        reads=WHOLE,
        inserts=columns(
            "code issuer_id alliance_id merchant_id name earn_points earn_per_minor "
            "redemption_points_min debt_is_allowed is_primary"
        ),
        updates=columns("name earn_points earn_per_minor redemption_points_min version"),
    ),
    "schema_migration": Right(reads=columns("number")),
    "rate": Right(reads=WHOLE, inserts=WHOLE),
    "seal": Right(reads=columns("shard seq previous digest items sealed_at")),
    "signed_head": Right(reads=columns("number body signature")),
    "delivery_way_now": Right(reads=columns("id merchant_id form")),
    "report_schedule": Right(
        reads=WHOLE,
        inserts=columns(
            "report every format language merchant_id store_id way_form first_date set_at set_by"
        ),
        updates=columns("ended_at"),
    ),
    "report_made": Right(reads=WHOLE, inserts=WHOLE),
    "recon_due": Right(
        reads=WHOLE,
        inserts=columns("source merchant_id issuer_id port since until said_by"),
        updates=columns("since until said_by"),
    ),
    "recon_file": Right(
        reads=WHOLE,
        inserts=columns(
            "source layout merchant_id issuer_id port business_date unit sha256 lines sent_by "
            "sent_at"
        ),
        updates=columns("matched_at matched"),
    ),
    "recon_item": Right(
        reads=WHOLE,
        inserts=columns(
            "business_date source difference file_id line merchant_id issuer_id rrn terminal_id "
            "batch trace unit shard number ours_minor theirs_minor suggested score opened_at"
        ),
        updates=columns(
            "owner answer answered_by answered_at with_item mended_shard mended_number note"
        ),
    ),
    "recon_line": Right(reads=WHOLE, inserts=WHOLE),
    "recon_match": Right(reads=WHOLE, inserts=WHOLE),
    "rule": Right(
        reads=WHOLE,
        inserts=columns(
            "id version name pack issuer_id merchant_id alliance_id says priority amount_minor "
            "unit times "
            "period counted_by kinds products cards members merchants stores terminals categories "
            "regions channels goods is_registered weekdays time_from time_until valid_from "
            "valid_to made_by made_at"
        ),
        updates=columns(
            "state valid_from valid_to tried_on tried activated_by activated_at retired_by "
            "retired_at"
        ),
        deletes=True,
    ),
    "rule_pack": Right(reads=columns("code name meaning")),
    "rule_pack_use": Right(reads=WHOLE, inserts=WHOLE, updates=columns("used_to")),
    "rule_told": Right(
        reads=columns(
            "shard exchange_id rule_id rule_version outcome had_times had_minor asked_minor"
        )
    ),
    "rule_version": Right(reads=WHOLE),
    "session": Right(
        reads=WHOLE,
        inserts=columns("token_hash person_id grant_id made_at used_at expires_at source"),
        updates=columns("grant_id used_at ended_at pin_given_at"),
        deletes=True,
    ),
    "webhook": Right(
        reads=WHOLE,
        inserts=columns(
            "code issuer_id merchant_id url events secret_sealed state next_at made_at made_by"
        ),
        updates=columns("url events secret_sealed state failures failing_since next_at last_error"),
    ),
    "webhook_message": Right(
        reads=WHOLE,
        inserts=columns("webhook issuer_id merchant_id event line body made_at state next_at"),
        updates=columns("state attempts next_at last_status last_error delivered_at"),
        deletes=True,
    ),
    "webhook_position": Right(reads=WHOLE, inserts=WHOLE, updates=columns("journal_id")),
    "setting": Right(reads=columns("name value")),
    "shipment": Right(
        reads=WHOLE,
        inserts=columns(
            "issuer_id batch_id reference cards recipient carrier tracking sent_by sent_at"
        ),
    ),
    "step_up": Right(reads=WHOLE, inserts=WHOLE, updates=columns("asked_at tries"), deletes=True),
    "store": Right(
        reads=WHOLE,
        inserts=WHOLE,
        updates=columns("name address hours phone is_active region coordinates"),
    ),
    "terminal": Right(
        reads=WHOLE,
        inserts=columns("terminal_id store_id epoch mac_algorithm serial settles_points family"),
        updates=columns("store_id is_active settles_points"),
    ),
    "terminal_batch": Right(
        reads=columns(
            "institution terminal_id epoch state marks is_proved told counted business_date "
            "settled_at closed_at"
        )
    ),
    "terminal_key": Right(reads=columns("terminal_id usage generation check_value")),
    "terminal_status": Right(reads=columns("terminal_id reported_at")),
    "vendor": Right(reads=WHOLE, inserts=WHOLE, updates=columns("name contact note")),
    "trial_balance": Right(reads=columns("business_date unit debit_minor credit_minor")),
    "undo": Right(
        reads=columns("shard original_id attempt journal_id kind amount_minor is_moot"),
    ),
    "voucher_claim": Right(reads=WHOLE, inserts=WHOLE),
    "voucher_use": Right(reads=columns("shard journal_id voucher_id")),
}
"""What people ask for: their own tables, and of the estate what actions change."""
