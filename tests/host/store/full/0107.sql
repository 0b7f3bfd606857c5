-- Terms of a merchant's own, and points that were taken by them, paid for by who gave them out.

INSERT INTO alliance_terms (
    id, programme, merchant_id, since, settled, per_points, issued_minor, redeemed_minor,
    fee_millionths, share_millionths, made_by
)
VALUES (1, 'SHARED', 1, '2026-10-01', 'at_redemption', 100, 100, 80, 20000, 500000, 'finance');

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    business_date, decided_at
)
SELECT
    mod(crc32(convert_to(asked.slot, 'UTF8')), setting.value::bigint),
    asked.slot,
    2465000000981,
    32767,
    2,
    'alliance_settlement',
    '\xaa',
    'approved',
    false,
    '\x',
    0,
    '2026-10-01',
    '2026-10-01 16:00:00+00'
FROM (VALUES ('night/alliances/20261001/1-1/f')) AS asked (slot)
INNER JOIN setting ON setting.name = 'shard_count';

INSERT INTO journal (
    shard, id, seal, home, slot, kind, card_id, issuer_id, merchant_id, amount_minor, unit,
    business_date
)
SELECT
    shard,
    id,
    seal,
    home,
    slot,
    kind,
    card_id,
    1,
    1,
    100,
    'CNY',
    business_date
FROM exchange
WHERE id = 2465000000981;

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
SELECT
    32767,
    2465000000981,
    0,
    owed.id,
    earned.id,
    100,
    'CNY',
    '2026-10-01'
FROM account AS owed
INNER JOIN account AS earned ON earned.chart = 'issuer_alliance' AND earned.issuer_id = 1
WHERE owed.chart = 'alliance_payable' AND owed.merchant_id = 1 AND owed.issuer_id = 1;

INSERT INTO alliance_settlement (
    business_date, place, terms_id, programme, alliance_id, merchant_id, issuer_id, act, points,
    amount_minor, unit, is_prefunded, journal_id, leg
)
VALUES ('2026-10-01', 1, 1, 'SHARED', 1, 1, 1, 'used', 100, 100, 'CNY', false, 2465000000981, 0);

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    32767,
    2,
    before.digest,
    sha256(
        before.digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T16:00:00.000000+00:00',
                'x|night/alliances/20261001/1-1/f|2465000000981|alliance_settlement|aa|approved||0',
                'j|2465000000981|alliance_settlement|0|0|2026-10-01',
                concat_ws(
                    '|', 'e', entry.journal_id, entry.leg, entry.debit_account,
                    entry.credit_account, entry.amount_minor, entry.unit
                ),
                ''
            ),
            'UTF8'
        )
    ),
    1,
    2,
    '2026-10-01',
    '2026-10-01 16:00:00+00'
FROM entry
INNER JOIN seal AS before ON before.shard = 32767 AND before.seq = 1
WHERE entry.journal_id = 2465000000981;

INSERT INTO clearing_step (
    business_date, step, finished_at, detail, read_digest, left_digest, taken_by
) VALUES (
    '2026-10-01', 'alliances', '2026-10-02 00:00:01.753638+00', '1.00 CNY', sha256('read'),
    sha256('1|1|SHARED|1|1|used|100|100|CNY|f|2465000000981|0'), 'zhang'
);
