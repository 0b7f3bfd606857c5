-- Vouchers: cards whose number is a code, and whose product says what they give and to whom.

ALTER TABLE product_version
ADD COLUMN kind text NOT NULL DEFAULT 'card',
ADD COLUMN entries smallint NOT NULL DEFAULT 1,
ADD COLUMN buys smallint NOT NULL DEFAULT 0,
ADD COLUMN may_load boolean NOT NULL DEFAULT false,
ADD COLUMN sale_minor_min bigint NOT NULL DEFAULT 0,
ADD COLUMN grace_days smallint NOT NULL DEFAULT 0,
ADD COLUMN goods text [] NOT NULL DEFAULT '{}',
ADD COLUMN regions text [] NOT NULL DEFAULT '{}',
ADD CONSTRAINT product_kind CHECK (
    kind IN ('card', 'amount_voucher', 'goods_voucher', 'ticket', 'buy_and_get', 'points_card')
),
ADD CONSTRAINT product_entries CHECK (
    entries BETWEEN 1 AND 9999
    AND (entries = 1 OR kind IN ('goods_voucher', 'ticket', 'buy_and_get'))
),
ADD CONSTRAINT product_buys CHECK (
    CASE WHEN kind = 'buy_and_get' THEN buys BETWEEN 1 AND 9999 ELSE buys = 0 END
),
ADD CONSTRAINT product_loads CHECK (
    CASE
        WHEN kind = 'points_card' THEN may_load
        WHEN kind = 'amount_voucher' THEN true
        ELSE NOT may_load
    END
),
-- What a voucher is worth is known before anybody uses it.
ADD CONSTRAINT product_worth CHECK (
    CASE
        WHEN kind IN ('amount_voucher', 'points_card') THEN face_minor_min > 0
        WHEN kind = 'card' THEN true
        ELSE face_minor_max = 0
    END
),
ADD CONSTRAINT product_voucher_terms CHECK (
    sale_minor_min >= 0
    AND grace_days BETWEEN 0 AND 366
    AND (
        kind <> 'card'
        OR (sale_minor_min = 0 AND grace_days = 0 AND goods = '{}' AND regions = '{}')
    )
);

-- Who takes the vouchers of a batch, in which of their stores: all that may, where none is named.
ALTER TABLE card_batch
ADD COLUMN merchants integer [] NOT NULL DEFAULT '{}',
ADD COLUMN stores integer [] NOT NULL DEFAULT '{}';

ALTER TABLE store ADD COLUMN region text NOT NULL DEFAULT ''
CONSTRAINT store_region CHECK (region ~ '^[!-~]{0,32}$');

-- A voucher stands otherwise than a plastic card.
ALTER TABLE card
DROP CONSTRAINT card_status,
ADD CONSTRAINT card_status CHECK (
    status IN (
        'inactive', 'active', 'frozen', 'lost', 'stolen', 'replaced', 'voided', 'expired',
        'issued', 'claimed', 'held', 'redeemed', 'loaded'
    )
);

-- What a posting used of which voucher: of its own shard, but for what was put onto a card.
CREATE TABLE voucher_use (
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    voucher_shard smallint NOT NULL,
    voucher_id bigint NOT NULL,
    given smallint NOT NULL,
    bought smallint NOT NULL,
    CONSTRAINT voucher_use_once PRIMARY KEY (shard, journal_id),
    CONSTRAINT voucher_use_counted CHECK (given >= 0 AND bought >= 0 AND given + bought <= 1)
);
CREATE INDEX voucher_use_of ON voucher_use (shard, voucher_id);

-- The void of a voucher's use undoes as any other.
ALTER TABLE undo
DROP CONSTRAINT undo_kind_check,
ADD CONSTRAINT undo_kind_check CHECK (kind ~ '^[a-z_]+$');

-- What issuers promised and merchants gave, in pieces.
INSERT INTO account (id, chart, unit, issuer_id)
SELECT
    nextval('account_number'),
    'goods_promised',
    counted.unit,
    issuer.id
FROM issuer
CROSS JOIN (VALUES ('G:'), ('S:')) AS counted (unit);
INSERT INTO account (id, chart, unit, issuer_id, merchant_id)
SELECT
    nextval('account_number'),
    'merchant_goods',
    counted.unit,
    issuer.id,
    merchant.id
FROM issuer
CROSS JOIN merchant
CROSS JOIN (VALUES ('G:'), ('S:')) AS counted (unit);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (
    kind, entries, buys, may_load, sale_minor_min, grace_days, goods, regions
) ON product_version TO posswitch_poster, posswitch_reader;
GRANT SELECT (merchants, stores) ON card_batch TO posswitch_poster, posswitch_reader;
GRANT INSERT (merchants, stores) ON card_batch TO posswitch_office;
GRANT SELECT (region) ON store TO posswitch_poster, posswitch_reader;
GRANT INSERT (region), UPDATE (region) ON store TO posswitch_office;
GRANT SELECT, INSERT ON voucher_use TO posswitch_poster;
GRANT SELECT (
    shard, journal_id, voucher_shard, voucher_id, given, bought
) ON voucher_use TO posswitch_reader;
GRANT SELECT ON voucher_use TO posswitch_auditor;
GRANT SELECT, INSERT ON code_try TO posswitch_poster;
GRANT UPDATE (tries, began_at) ON code_try TO posswitch_poster;
