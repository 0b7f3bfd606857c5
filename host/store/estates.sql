-- name: claim_database
-- The first estate to write this row owns the database; a second waits here, then sees it.
INSERT INTO setting (name, value) VALUES ('estate', %(name)s) ON CONFLICT (name) DO NOTHING;

-- name: estate_name
-- Which estate is loaded.
SELECT value FROM setting WHERE name = 'estate';

-- name: settle_shard_count
-- The number of shards never changes once cards are spread over them.
INSERT INTO setting (name, value) VALUES ('shard_count', %(count)s) ON CONFLICT (name) DO NOTHING;

-- name: try_shard_lock
-- A running host holds these and remembers each shard's last seal: nobody may seal beside it.
SELECT pg_try_advisory_xact_lock(%(lock_class)s, %(shard)s);

-- name: open_business_day
-- The first day of a new database.
INSERT INTO business_day (business_date, state, opened_at)
VALUES (%(business_date)s, 'open', %(now)s);

-- name: take_numbers
-- A block of RRN counters; a date's counter never goes back.
INSERT INTO number_block (business_date, next_number)
VALUES (%(business_date)s, 1 + %(count)s)
ON CONFLICT (business_date) DO UPDATE SET next_number = number_block.next_number + %(count)s
RETURNING next_number - %(count)s;

-- name: take_account_ids
-- As many account ids as the estate needs, in one round trip.
SELECT nextval('account_number') FROM generate_series(1, %(count)s);

-- name: copy_issuers
-- Rows of the plan.
COPY issuer (
    id, institution_id, name, pan_prefix, currency,
    amount_minor_max, balance_minor_max, pin_tries_max
) FROM STDIN;

-- name: copy_programmes
-- Rows of the plan.
COPY programme (
    code, issuer_id, name, earn_points, earn_per_minor,
    redemption_points_min, debt_is_allowed, alliance_id, is_primary, merchant_id
) FROM STDIN;

-- name: copy_points_lives
-- One a programme of the plan.
COPY points_life (programme, since, life, life_count, pending_days) FROM STDIN;

-- name: copy_points_prices
-- Rows of the plan.
COPY points_price (programme, since, points, worth_minor) FROM STDIN;

-- name: copy_alliances
-- Rows of the plan.
COPY alliance (id, code, name) FROM STDIN;

-- name: copy_alliance_members
-- Rows of the plan.
COPY alliance_member (
    alliance_id, issuer_id, merchant_id, member_from, member_until, earns, redeems
) FROM STDIN;

-- name: copy_merchants
-- Rows of the plan.
COPY merchant (id, merchant_id, name) FROM STDIN;

-- name: copy_acceptances
-- Whose cards each merchant takes.
COPY acceptance (merchant_id, issuer_id) FROM STDIN;

-- name: copy_stores
-- Rows of the plan.
COPY store (id, merchant_id, name, region) FROM STDIN;

-- name: copy_terminals
-- Rows of the plan.
COPY terminal (terminal_id, store_id, epoch, mac_algorithm, family) FROM STDIN;

-- name: copy_terminal_keys
-- Key blocks under the LMK before they come here.
COPY terminal_key (terminal_id, usage, generation, block, check_value) FROM STDIN;

-- name: copy_zone_keys
-- The same, of external issuers' zones.
COPY zone_key (name, block, check_value) FROM STDIN;

-- name: copy_accounts
-- The house's own.
COPY account (id, chart, unit, issuer_id, merchant_id) FROM STDIN;

-- name: copy_cards
-- The PAN only hashed, sealed and masked; the PIN only as its verification value.
COPY card (
    shard, pan_hash, id, issuer_id, status, expiry, pin_value, pan_masked, pan_sealed, part_id,
    sale, valid_from, valid_to
) FROM STDIN;

-- name: copy_products
-- One a batch of the plan.
COPY product (id, issuer_id, code, name) FROM STDIN;

-- name: copy_product_versions
-- The first of each.
COPY product_version (
    product_id, version, form, face_minor_min, face_minor_max, valid_from, valid_to, is_reloadable,
    pin, activation, made_by, made_at, kind, may_load, entries, buys, goods, regions
) FROM STDIN;

-- name: copy_card_batches
-- Rows of the plan.
COPY card_batch (
    id, code, issuer_id, product_id, product_version, name, responsible, face_minor, state, made_by,
    made_at, stores, merchants
) FROM STDIN;

-- name: copy_card_parts
-- One part each, all made.
COPY card_batch_part (
    id, batch_id, number, cards, made, is_chosen, state, added_by, added_at, opened_by, opened_at
) FROM STDIN;

-- name: take_person_ids
-- As many as the estate's lotteries need.
SELECT nextval('person_number') FROM generate_series(1, %(count)s);

-- name: copy_people
-- Who made and froze what came with an estate: they have no role and no way in.
COPY person (id, login, name, state, created_at) FROM STDIN;

-- name: take_lottery_ids
-- As many as the plan has.
SELECT nextval('lottery_number') FROM generate_series(1, %(count)s);

-- name: copy_lotteries
-- Frozen and open.
COPY lottery (
    id, code, name, issuer_id, unit, cost_points, threshold_points, cap, opens_on, closes_on, state,
    author_words, freezer_words, seed_sealed, commitment, made_by, made_at, frozen_by, frozen_at
) FROM STDIN;

-- name: copy_prizes
-- In their frozen order.
COPY prize (lottery_id, place, code, name, kind, amount, parts, stock) FROM STDIN;

-- name: copy_prize_stock
-- Nobody has won any.
COPY prize_stock (lottery_id, place, stock) FROM STDIN;

-- name: copy_lottery_lists
-- Each begins with its commitment.
COPY lottery_list (lottery_id, link) FROM STDIN;

-- name: copy_purses
-- Two of each card, equal to the entries that go in beside them.
COPY purse (
    shard, card_id, account_id, unit, posted_minor, floor_minor, expires_from
) FROM STDIN;

-- name: begin_trails
-- Each purse names the opening that filled it, with which its card's trail begins.
UPDATE purse SET last_journal = movement.journal_id
FROM movement
WHERE
    movement.shard = any(%(shards)s::smallint [])
    AND movement.journal_id >= %(first_number)s
    AND movement.journal_id < %(end_number)s
    AND purse.shard = movement.shard
    AND purse.account_id = movement.account_id;

-- name: copy_exchanges
-- Every journal has its exchange, an opening too.
COPY exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason,
    is_tombstone, answer, card_id, terminal_id, business_date, decided_at
) FROM STDIN;

-- name: copy_journals
-- One opening a card.
COPY journal (
    shard, id, seal, home, slot, kind, card_id, issuer_id,
    merchant_id, terminal_id, amount_minor, unit, business_date
) FROM STDIN;

-- name: copy_entries
-- Opening money, then opening points.
COPY entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
) FROM STDIN;

-- name: copy_lots
-- Opening points are earned on the opening date.
COPY lot (shard, account_id, id, earned_on, expires_on, points, remaining) FROM STDIN;

-- name: copy_seals
-- One batch a shard.
COPY seal (shard, seq, previous, digest, items, form, business_date, sealed_at) FROM STDIN;

-- name: analyze
-- The host's statements are planned for these sizes from its first message on.
ANALYZE card, purse, account, exchange, journal, entry, lot, terminal;
