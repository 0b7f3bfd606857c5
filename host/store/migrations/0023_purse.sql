-- What a card has is kept in purses, one for each unit, and an account is the house's alone.

-- All purses of a card are one range of the key. An entry names one by its account, whose number no
-- house account has either. expires_from, of points: no unspent lot of it expires before that day;
-- null where none expires.
CREATE TABLE purse (
    card_id bigint NOT NULL,
    account_id bigint NOT NULL,
    posted_minor bigint NOT NULL DEFAULT 0,
    held_minor bigint NOT NULL DEFAULT 0,
    floor_minor bigint NOT NULL DEFAULT 0,
    expires_from date,
    shard smallint NOT NULL,
    unit text COLLATE "C" NOT NULL,
    CONSTRAINT purse_once PRIMARY KEY (shard, card_id, unit) WITH (fillfactor = 90),
    CONSTRAINT purse_by_account UNIQUE (shard, account_id),
    CONSTRAINT purse_not_overdrawn CHECK (posted_minor - held_minor >= floor_minor),
    CONSTRAINT hold_not_negative CHECK (held_minor >= 0)
) WITH (fillfactor = 40);

INSERT INTO purse (
    shard, card_id, account_id, unit, posted_minor, held_minor, floor_minor, expires_from
)
WITH unspent AS (
    SELECT
        lot.shard,
        lot.account_id,
        min(lot.expires_on) AS expires_from
    FROM lot
    WHERE lot.remaining > 0
    GROUP BY lot.shard, lot.account_id
)

SELECT
    account.shard,
    account.card_id,
    account.id,
    account.unit,
    coalesce(balance.posted_minor, 0),
    coalesce(balance.held_minor, 0),
    coalesce(balance.floor_minor, 0),
    unspent.expires_from
FROM account
LEFT JOIN balance ON account.shard = balance.shard AND account.id = balance.account_id
LEFT JOIN unspent ON account.shard = unspent.shard AND account.id = unspent.account_id
WHERE account.card_id IS NOT NULL
ORDER BY account.shard, account.card_id;

DROP VIEW day_turnover;
DROP TABLE balance;
ALTER TABLE checkpoint DROP CONSTRAINT checkpoint_account_id_fkey;
DELETE FROM account WHERE card_id IS NOT NULL;
ALTER TABLE account
DROP COLUMN card_id,
DROP COLUMN shard,
ADD CONSTRAINT account_once UNIQUE NULLS NOT DISTINCT (chart, unit, issuer_id, merchant_id);
ALTER TABLE card
DROP COLUMN value_account,
DROP COLUMN points_account;

-- Every account that an entry can name: the house's, and cards' purses, which are of the shard of
-- their card.
CREATE VIEW ledger_account AS
SELECT
    id,
    chart,
    unit,
    issuer_id,
    merchant_id,
    NULL::smallint AS shard,
    NULL::bigint AS card_id
FROM account
UNION ALL
SELECT
    account_id,
    CASE WHEN starts_with(unit, 'P:') THEN 'card_points' ELSE 'card_value' END,
    unit,
    NULL,
    NULL,
    shard,
    card_id
FROM purse;

-- Each business date's turnover, all accounts.
CREATE VIEW day_turnover AS
SELECT
    movement.business_date,
    ledger_account.chart,
    ledger_account.unit,
    coalesce(-sum(movement.amount_minor) FILTER (WHERE movement.amount_minor < 0), 0)::bigint
        AS debit_minor,
    coalesce(sum(movement.amount_minor) FILTER (WHERE movement.amount_minor > 0), 0)::bigint
        AS credit_minor
FROM movement
INNER JOIN ledger_account ON movement.account_id = ledger_account.id
GROUP BY movement.business_date, ledger_account.chart, ledger_account.unit;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (
    shard, card_id, account_id, unit, posted_minor, held_minor, expires_from
) ON purse TO posswitch_poster;
GRANT INSERT (
    shard, card_id, account_id, unit, posted_minor, floor_minor, expires_from
) ON purse TO posswitch_poster;
GRANT UPDATE (posted_minor, expires_from) ON purse TO posswitch_poster;
GRANT SELECT (shard, account_id, posted_minor, unit) ON purse TO posswitch_night;
GRANT SELECT (id, chart, unit) ON ledger_account TO posswitch_night;
GRANT SELECT (
    shard, card_id, account_id, unit, posted_minor, held_minor, floor_minor, expires_from
) ON purse TO posswitch_reader;
GRANT SELECT (
    id, chart, unit, issuer_id, merchant_id, shard, card_id
) ON ledger_account TO posswitch_reader;
GRANT SELECT (
    business_date, chart, unit, debit_minor, credit_minor
) ON day_turnover TO posswitch_reader;
