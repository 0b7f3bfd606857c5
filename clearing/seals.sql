-- The hash chain, asked.

-- name: sealed_texts
-- What each seal has to cover, as one text: the canonical rows of `host.ledger`, but for the
-- moment, of all exchanges of its batch by number; also of those that name a seal which is not
-- there. Entries, journals and lots are each read in the order of their key. A lot stands by the
-- leg that filled it, or that it owes, and once where more than one did. What is null against the
-- rules is told as empty, or as null where it may be empty: it was not so when it was sealed.
WITH moved AS (
    SELECT
        entry.shard,
        entry.journal_id,
        string_agg(
            concat(
                'e|', entry.journal_id, '|', entry.leg, '|', entry.debit_account, '|',
                entry.credit_account, '|', entry.amount_minor, '|', entry.unit, E'\n'
            ),
            '' ORDER BY entry.leg
        ) AS entries,
        count(lot.id) AS filled,
        string_agg(
            CASE
                WHEN lot.id IS NOT NULL
                    THEN concat(
                        'l|', lot.id, '|', lot.account_id, '|', lot.points, '|', lot.expires_on,
                        '|' || lot.available_from, E'\n'
                    )
            END,
            '' ORDER BY entry.leg
        ) AS lots
    FROM entry
    LEFT JOIN lot
        ON
            lot.shard = entry.shard
            AND lot.id = entry.journal_id
            AND lot.account_id IN (entry.credit_account, entry.debit_account)
            AND (lot.points > 0) = (lot.account_id = entry.credit_account)
    GROUP BY entry.shard, entry.journal_id
),

kept AS (
    SELECT
        line.shard,
        line.exchange_id,
        string_agg(line.said || E'\n', '' ORDER BY convert_to(line.said, 'UTF8')) AS told
    FROM (
        SELECT
            shard,
            exchange_id,
            concat_ws(
                '|', 'k', 'rule_told', exchange_id, rule_id, rule_version, outcome, period,
                used_by, subject, to_char(period_from, 'YYYY-MM-DD'), times, amount_minor,
                had_times, had_minor, asked_minor, goods
            ) AS said
        FROM rule_told
    ) AS line
    GROUP BY line.shard, line.exchange_id
)

SELECT
    exchange.shard,
    exchange.seal,
    count(*) AS exchanges,
    min(exchange.id) AS first_number,
    max(exchange.id) AS last_number,
    (
        array_agg(exchange.slot ORDER BY exchange.id, exchange.slot) FILTER (WHERE seal.seq IS NULL)
    )[1] AS first_unsealed,
    string_agg(
        concat(
            'x|', exchange.slot, '|', exchange.id, '|', exchange.kind, '|',
            coalesce(encode(exchange.fingerprint, 'hex'), 'null'), '|', exchange.reason, '|',
            coalesce(encode(exchange.answer, 'hex'), 'null'),
            CASE WHEN seal.form <> 1 THEN '|' || coalesce(exchange.card_id::text, '-') END,
            E'\n',
            CASE WHEN seal.form <> 1 THEN kept.told END,
            CASE
                WHEN journal.id IS NOT NULL
                    THEN concat(
                        'j|', journal.id, '|', journal.kind, '|',
                        coalesce(journal.original_id, 0), '|', journal.card_id, '|',
                        journal.business_date, E'\n'
                    )
            END,
            moved.entries,
            CASE
                WHEN seal.form = 1 THEN NULL
                WHEN moved.filled < 2 THEN moved.lots
                ELSE (
                    SELECT string_agg(once.said || E'\n', '' ORDER BY once.place)
                    FROM (
                        SELECT
                            each.said,
                            min(each.place) AS place
                        FROM
                            unnest(string_to_array(rtrim(moved.lots, E'\n'), E'\n'))
                            WITH ORDINALITY AS each (said, place)
                        GROUP BY each.said
                    ) AS once
                )
            END,
            CASE
                WHEN seal.form <> 1 AND order_reference.journal_id IS NOT NULL
                    THEN concat(
                        'o|', order_reference.journal_id, '|', order_reference.order_number,
                        ' ', coalesce(order_reference.sub_order, 'null'), E'\n'
                    )
            END
        ),
        '' ORDER BY exchange.id, exchange.slot
    ) AS said
FROM exchange
LEFT JOIN seal ON seal.shard = exchange.shard AND seal.seq = exchange.seal
LEFT JOIN kept ON kept.shard = exchange.shard AND kept.exchange_id = exchange.id
LEFT JOIN journal ON journal.shard = exchange.shard AND journal.id = exchange.id
LEFT JOIN moved ON moved.shard = journal.shard AND moved.journal_id = journal.id
LEFT JOIN order_reference
    ON order_reference.shard = journal.shard AND order_reference.journal_id = journal.id
GROUP BY exchange.shard, exchange.seal
ORDER BY exchange.shard, exchange.seal;
