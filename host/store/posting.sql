-- The posting path. Columns come as arrays (host.store.arrays), one element a row, of one length.
-- They become rows by an unnest each in a select list, never by one in FROM: there each column is
-- first written to a store of its own and read back, a tenth of all that a batch costs the server.

-- name: hold_business_day
-- Shared: cut-off waits for batches in flight, and batches after it see the new date.
SELECT pg_advisory_xact_lock_shared(%s, %s);

-- name: open_business_date
-- Its own statement, after the lock, so that its snapshot is newer than a cut-off we waited for.
SELECT business_date FROM business_day WHERE state = 'open';

-- name: open_business_day
-- The same for a batch, and how far the estate has come: what changed is read before it decides.
SELECT
    d.business_date,
    (SELECT v.version FROM estate_version AS v WHERE v.is_the_one)
FROM business_day AS d
WHERE d.state = 'open';

-- name: take_numbers
-- A block of RRN counters for one writer; taken in the batch's own transaction.
-- notes: number_block
INSERT INTO number_block AS t (business_date, next_number)
VALUES (%s, %s)
ON CONFLICT (business_date)
DO UPDATE SET next_number = t.next_number + excluded.next_number
RETURNING t.next_number;

-- name: last_seal
-- Where each shard's hash chain stands, when a writer takes it over: a step of the index for each.
WITH wanted AS (
    SELECT unnest(%s::smallint []) AS shard
)

SELECT
    last.shard,
    last.seq,
    last.digest
FROM wanted
INNER JOIN LATERAL (
    SELECT
        seal.shard,
        seal.seq,
        seal.digest
    FROM seal
    WHERE seal.shard = wanted.shard
    ORDER BY seal.seq DESC
    LIMIT 1
) AS last ON true;

-- name: known
-- Exchanges already answered under these keys, and tombstones.
SELECT
    e.slot,
    e.id,
    e.shard,
    e.kind,
    e.fingerprint,
    e.reason,
    e.is_tombstone,
    e.answer
FROM (SELECT unnest(%s::smallint []) AS home, unnest(%s::text []) AS slot) AS k
INNER JOIN exchange AS e ON k.home = e.home AND k.slot = e.slot;

-- name: cards
-- The cards presented, with their purses: a row for each, one without where a card has none yet.
SELECT
    c.pan_hash,
    c.id,
    c.issuer_id,
    c.status,
    c.expiry,
    c.pin_value,
    c.pin_failures,
    p.account_id,
    p.unit,
    p.posted_minor,
    p.held_minor,
    p.expires_from,
    p.last_journal,
    c.part_id,
    c.sale,
    c.valid_from,
    c.valid_to,
    c.member_id,
    p.pending_minor,
    p.pending_from
FROM (SELECT unnest(%s::smallint []) AS shard, unnest(%s::bytea []) AS pan_hash) AS k
INNER JOIN card AS c ON k.shard = c.shard AND k.pan_hash = c.pan_hash
LEFT JOIN purse AS p ON c.shard = p.shard AND c.id = p.card_id;

-- name: expired
-- Of purses in which points may have expired: those of lots that have, when the first of what is
-- unspent will, and what other lots owe. Each along an index that has no others.
WITH k AS (
    SELECT
        unnest(%(shards)s::smallint []) AS shard,
        unnest(%(accounts)s::bigint []) AS account_id
)

SELECT
    k.account_id,
    coalesce((
        SELECT sum(l.remaining)
        FROM lot AS l
        WHERE
            l.shard = k.shard
            AND l.account_id = k.account_id
            AND l.remaining <> 0
            AND l.remaining > 0
            AND l.expires_on < %(today)s
    ), 0)::bigint AS expired,
    (
        SELECT l.expires_on
        FROM lot AS l
        WHERE
            l.shard = k.shard
            AND l.account_id = k.account_id
            AND l.remaining <> 0
            AND l.remaining > 0
        ORDER BY l.expires_on
        LIMIT 1
    ) AS expires_from,
    coalesce((
        SELECT sum(-l.remaining)
        FROM lot AS l
        WHERE l.shard = k.shard AND l.account_id = k.account_id AND l.remaining < 0
    ), 0)::bigint AS owed
FROM k;

-- name: ripe
-- Of purses in which points were pending: those that are no more, of the days since what is counted
-- in the purse, and the first day on which others will be. Each lot is read once for that.
WITH k AS (
    SELECT
        unnest(%(shards)s::smallint []) AS shard,
        unnest(%(accounts)s::bigint []) AS account_id,
        unnest(%(since)s::date []) AS since
)

SELECT
    k.account_id,
    coalesce((
        SELECT sum(l.remaining)
        FROM lot AS l
        WHERE
            l.shard = k.shard
            AND l.account_id = k.account_id
            AND l.available_from IS NOT NULL
            AND l.available_from BETWEEN k.since AND %(today)s
            AND l.remaining > 0
    ), 0)::bigint AS points,
    (
        SELECT l.available_from
        FROM lot AS l
        WHERE
            l.shard = k.shard
            AND l.account_id = k.account_id
            AND l.available_from IS NOT NULL
            AND l.available_from > %(today)s
            AND l.remaining > 0
        ORDER BY l.available_from
        LIMIT 1
    ) AS pending_from
FROM k;

-- name: lots
-- Of the points lots of these accounts: those that expire first, of all and of those that have not
-- expired; those that never do; those in debt; those an undo will touch. With a limit far beyond
-- what most cards have. The index has them by day; those of one day are sorted by when they were
-- earned. A day from which on one may be spent is told where it is still to come.
WITH k AS (
    SELECT
        unnest(%(shards)s::smallint []) AS shard,
        unnest(%(accounts)s::bigint []) AS account_id
)

SELECT
    l.account_id,
    l.id,
    l.expires_on,
    l.remaining,
    l.written_off,
    CASE WHEN l.available_from > %(today)s THEN l.available_from END AS available_from
FROM k
INNER JOIN LATERAL (
    (
        SELECT lot.*
        FROM lot
        WHERE
            lot.shard = k.shard
            AND lot.account_id = k.account_id
            AND lot.remaining <> 0
            AND lot.expires_on < '9999-12-31'
        ORDER BY lot.expires_on, lot.id
        LIMIT %(limit)s
    )
    UNION
    (
        SELECT lot.*
        FROM lot
        WHERE
            lot.shard = k.shard
            AND lot.account_id = k.account_id
            AND lot.remaining <> 0
            AND lot.expires_on >= %(today)s
            AND lot.expires_on < '9999-12-31'
        ORDER BY lot.expires_on, lot.id
        LIMIT %(limit)s
    )
    UNION
    (
        SELECT lot.*
        FROM lot
        WHERE
            lot.shard = k.shard
            AND lot.account_id = k.account_id
            AND lot.remaining <> 0
            AND lot.expires_on = '9999-12-31'
        ORDER BY lot.id
        LIMIT %(limit)s
    )
    UNION
    (
        SELECT lot.*
        FROM lot
        WHERE
            lot.shard = k.shard
            AND lot.account_id = k.account_id
            AND lot.remaining < 0
    )
    UNION
    (
        SELECT lot.*
        FROM lot
        WHERE
            lot.shard = k.shard
            AND lot.account_id = k.account_id
            AND lot.id = any(%(touched)s::bigint [])
    )
) AS l ON true
ORDER BY l.account_id ASC, l.expires_on ASC, l.id ASC;

-- name: originals
-- Journals that this batch voids, refunds, confirms, reverses or is asked about again; what belongs
-- to no merchant is none of a terminal's business. An external issuer's sale has no card here.
SELECT
    j.slot,
    j.id,
    j.shard,
    j.kind,
    c.pan_hash,
    j.merchant_id,
    j.terminal_id,
    j.amount_minor,
    j.unit,
    j.original_id,
    j.issuer_id,
    j.seal,
    m.original_id IS NOT NULL AS is_final
FROM (SELECT unnest(%s::smallint []) AS shard, unnest(%s::bigint []) AS id) AS k
INNER JOIN journal AS j ON k.shard = j.shard AND k.id = j.id
LEFT JOIN undo AS m ON j.shard = m.shard AND j.original_id = m.original_id AND m.is_moot
LEFT JOIN card AS c ON j.shard = c.shard AND j.card_id = c.id
WHERE j.merchant_id IS NOT NULL AND (c.id IS NOT NULL OR j.card_id = 0);

-- name: legs
-- What those journals posted.
SELECT
    e.journal_id,
    e.debit_account,
    e.credit_account,
    e.amount_minor,
    e.unit
FROM (SELECT unnest(%s::smallint []) AS shard, unnest(%s::bigint []) AS id) AS k
INNER JOIN entry AS e ON k.shard = e.shard AND k.id = e.journal_id
ORDER BY e.journal_id ASC, e.leg ASC;

-- name: lot_uses
-- Which lots they took from or gave back to.
SELECT
    u.journal_id,
    u.account_id,
    u.lot_id,
    u.points
FROM (SELECT unnest(%s::smallint []) AS shard, unnest(%s::bigint []) AS id) AS k
INNER JOIN lot_use AS u ON k.shard = u.shard AND k.id = u.journal_id;

-- name: facts
-- What happened to them since, and by what a void was itself reversed: it no longer stands.
SELECT
    u.original_id,
    u.journal_id,
    u.kind,
    u.amount_minor,
    u.is_moot,
    coalesce(r.journal_id, 0) AS undone_by
FROM (SELECT unnest(%s::smallint []) AS shard, unnest(%s::bigint []) AS id) AS k
INNER JOIN undo AS u ON k.shard = u.shard AND k.id = u.original_id
LEFT JOIN undo AS r
    ON u.shard = r.shard AND u.journal_id = r.original_id AND NOT r.is_moot
ORDER BY u.original_id ASC, u.attempt ASC;

-- name: add_exchanges
-- The answers, once for ever: exchange_once is what makes a key unique. No terminal is NULL.
INSERT INTO exchange (
    business_date, decided_at, home, slot, id, shard, seal, kind, fingerprint, reason,
    is_tombstone, answer, card_id, terminal_id
)
SELECT
    %s::date,
    %s::timestamptz,
    unnest(%s::smallint []),
    unnest(%s::text []),
    unnest(%s::bigint []),
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::text []),
    unnest(%s::bytea []),
    unnest(%s::text []),
    unnest(%s::boolean []),
    unnest(%s::bytea []),
    unnest(%s::bigint []),
    nullif(unnest(%s::text []), '');

-- name: add_journals
-- One for each approval that moved value. No terminal and no merchant are NULL.
INSERT INTO journal (
    business_date, shard, id, seal, home, slot, kind, original_id, card_id, issuer_id,
    merchant_id, terminal_id, amount_minor, unit, previous_id
)
SELECT
    %s::date,
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::bigint []),
    unnest(%s::smallint []),
    unnest(%s::text []),
    unnest(%s::text []),
    unnest(%s::bigint []),
    unnest(%s::bigint []),
    unnest(%s::smallint []),
    nullif(unnest(%s::integer []), 0),
    nullif(unnest(%s::text []), ''),
    unnest(%s::bigint []),
    unnest(%s::text []),
    unnest(%s::bigint []);

-- name: add_advices
-- By which words an external issuer knows what it decided.
-- notes: advice
INSERT INTO advice AS t (shard, journal_id, reference, auth_code, pan_masked)
SELECT
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::text []),
    unnest(%s::text []),
    unnest(%s::text []);

-- name: add_orders
-- Which order a posting was for; under the seal of its batch.
INSERT INTO order_reference (shard, journal_id, order_number, sub_order, decided_at)
SELECT
    r.shard,
    r.journal_id,
    r.order_number,
    r.sub_order,
    %s::timestamptz
FROM unnest(
    %s::smallint [],
    %s::bigint [],
    %s::text [],
    %s::text []
) AS r (shard, journal_id, order_number, sub_order);

-- name: add_adjustment
-- Why a person adjusted what a card has.
-- notes: adjustment
INSERT INTO adjustment AS t (shard, journal_id, why, about_rrn)
VALUES (%s, %s, %s, %s);

-- name: add_transit
-- What has left a card is on its way to another; its last day, where it is points, had or owed.
-- notes: transit
INSERT INTO transit AS t (
    shard, journal_id, to_shard, to_card, expires_on, is_debt, available_from
)
VALUES (%s, %s, %s, %s, %s, %s, %s);

-- name: move_again
-- Something has come back onto a card that was replaced.
-- notes: move
UPDATE move AS t SET
    state = 'open',
    wanted = t.wanted + 1,
    ended_at = NULL,
    refused = ''
WHERE t.shard = %(shard)s AND t.card_id = %(card)s AND t.name = 'replacement';

-- name: write_back
-- Something has come back onto a card that was voided, or whose batch was.
-- notes: move
INSERT INTO move AS t (shard, card_id, name, origin, made_by, asked_at, issuer_id)
VALUES (%(shard)s, %(card)s, 'void', 'clock', 'moves', %(now)s, %(issuer)s)
ON CONFLICT ON CONSTRAINT move_once DO UPDATE SET
    state = 'open',
    wanted = t.wanted + 1,
    ended_at = NULL,
    refused = '';

-- name: add_entries
-- The legs.
INSERT INTO entry (
    business_date, shard, journal_id, leg, debit_account, credit_account, amount_minor, unit
)
SELECT
    %s::date,
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::bigint []),
    unnest(%s::bigint []),
    unnest(%s::text []);

-- name: change_purses
-- One row a changed purse, or one in which the first points expire on another day now;
-- purse_not_overdrawn has the last word.
UPDATE purse AS p SET
    posted_minor = p.posted_minor + r.change,
    last_journal = r.last_journal,
    expires_from = r.expires_from
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS account_id,
        unnest(%s::bigint []) AS change,
        unnest(%s::bigint []) AS last_journal,
        unnest(%s::date []) AS expires_from
) AS r
WHERE p.shard = r.shard AND p.account_id = r.account_id;

-- name: change_pending_purses
-- The same of purses in which something is pending, or was.
UPDATE purse AS p SET
    posted_minor = p.posted_minor + r.change,
    last_journal = r.last_journal,
    expires_from = r.expires_from,
    pending_minor = nullif(coalesce(p.pending_minor, 0) + r.pending, 0),
    pending_from = r.pending_from
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS account_id,
        unnest(%s::bigint []) AS change,
        unnest(%s::bigint []) AS last_journal,
        unnest(%s::date []) AS expires_from,
        unnest(%s::bigint []) AS pending,
        unnest(%s::date []) AS pending_from
) AS r
WHERE p.shard = r.shard AND p.account_id = r.account_id;

-- name: change_held
-- How much of them is kept for somebody; purse_not_overdrawn has the last word.
UPDATE purse AS p SET held_minor = p.held_minor + r.held
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS account_id,
        unnest(%s::bigint []) AS held
) AS r
WHERE p.shard = r.shard AND p.account_id = r.account_id;

-- name: add_purses
-- In which something is posted for the first time. The debt that its programme allows is its floor.
INSERT INTO purse (
    shard, card_id, account_id, unit, posted_minor, floor_minor, expires_from, last_journal,
    pending_minor, pending_from
)
SELECT
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::bigint []),
    unnest(%s::text []),
    unnest(%s::bigint []),
    unnest(%s::bigint []),
    unnest(%s::date []),
    unnest(%s::bigint []),
    nullif(unnest(%s::bigint []), 0),
    unnest(%s::date []);

-- name: add_lots
-- Points earned, each with its own last day.
INSERT INTO lot (earned_on, shard, account_id, id, points, remaining, expires_on)
SELECT
    %s::date,
    r.shard,
    r.account_id,
    r.id,
    r.points,
    r.points,
    r.expires_on
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS account_id,
        unnest(%s::bigint []) AS id,
        unnest(%s::bigint []) AS points,
        unnest(%s::date []) AS expires_on
) AS r;

-- name: add_pending_lots
-- The same, of points that may be spent from a day on.
INSERT INTO lot (earned_on, shard, account_id, id, points, remaining, expires_on, available_from)
SELECT
    %s::date,
    r.shard,
    r.account_id,
    r.id,
    r.points,
    r.points,
    r.expires_on,
    r.available_from
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS account_id,
        unnest(%s::bigint []) AS id,
        unnest(%s::bigint []) AS points,
        unnest(%s::date []) AS expires_on,
        unnest(%s::date []) AS available_from
) AS r;

-- name: change_lots
-- Points taken from lots, given back, or written off.
UPDATE lot AS l SET
    remaining = l.remaining + r.change,
    written_off = l.written_off + r.written
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS account_id,
        unnest(%s::bigint []) AS id,
        unnest(%s::bigint []) AS change,
        unnest(%s::bigint []) AS written
) AS r
WHERE l.shard = r.shard AND l.account_id = r.account_id AND l.id = r.id;

-- name: add_lot_uses
-- Kept so that an undo gives back to the very lots it took from.
INSERT INTO lot_use (shard, journal_id, account_id, lot_id, points)
SELECT
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::bigint []),
    unnest(%s::bigint []),
    unnest(%s::bigint []);

-- name: add_facts
-- undo_once makes the nth fact about an original unique, so two can never race.
INSERT INTO undo (shard, original_id, attempt, journal_id, kind, amount_minor, is_moot)
SELECT
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::text []),
    unnest(%s::bigint []),
    unnest(%s::boolean []);

-- name: count_pin_failures
-- Wrong PINs so far, cleared by a right one.
-- notes: card
UPDATE card AS t SET pin_failures = r.failures
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bytea []) AS pan_hash,
        unnest(%s::smallint []) AS failures
) AS r
WHERE t.shard = r.shard AND t.pan_hash = r.pan_hash;

-- name: change_cards
-- Activated, taken back into stock, or ended. What a card is activated by goes with its use. One
-- that was sent to who sells it is back in their stock. Where somebody wrote another status or sale
-- since it was loaded, status is null and the batch is refused: it is loaded, and decided,
-- again.
-- notes: card
UPDATE card AS t SET
    status = CASE
        WHEN t.status = r.status_before AND coalesce(t.sale, '') = r.sale_before THEN r.status
    END,
    sale = CASE
        WHEN r.sale = 'unsold' AND t.shipment_id IS NOT NULL THEN 'allocated' ELSE r.sale
    END,
    valid_from = r.valid_from,
    valid_to = r.valid_to,
    member_id = r.member_id,
    member_since = CASE
        WHEN r.member_id IS NOT DISTINCT FROM t.member_id THEN t.member_since
        WHEN r.member_id IS NOT NULL THEN %s::timestamptz
    END,
    activated_id = coalesce(r.activated_id, t.activated_id),
    activated_at = CASE
        WHEN r.activated_id IS NULL THEN t.activated_at ELSE %s::timestamptz
    END,
    code_hash = CASE WHEN r.keeps_code THEN t.code_hash END,
    code_sealed = CASE WHEN r.keeps_code THEN t.code_sealed END
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS id,
        unnest(%s::text []) AS status,
        unnest(%s::text []) AS sale,
        unnest(%s::date []) AS valid_from,
        unnest(%s::date []) AS valid_to,
        unnest(%s::bigint []) AS member_id,
        unnest(%s::bigint []) AS activated_id,
        unnest(%s::boolean []) AS keeps_code,
        unnest(%s::text []) AS status_before,
        unnest(%s::text []) AS sale_before
) AS r
WHERE t.shard = r.shard AND t.id = r.id;

-- name: add_seals
-- One link of each shard's hash chain.
INSERT INTO seal (form, business_date, sealed_at, shard, seq, previous, digest, items)
SELECT
    %s::smallint,
    %s::date,
    %s::timestamptz,
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::bytea []),
    unnest(%s::bytea []),
    unnest(%s::integer []);
