-- What a payment port says of a day is held against what we know was paid over it, and what was
-- given back.

ALTER TABLE port_payment ADD COLUMN refunded_at timestamptz;
UPDATE port_payment SET refunded_at = coalesce(paid_at, asked_at) WHERE state = 'refunded';
ALTER TABLE port_payment ADD CONSTRAINT port_payment_refunded
CHECK ((state = 'refunded') = (refunded_at IS NOT NULL));
CREATE INDEX port_payment_paid ON port_payment (paid_at) WHERE paid_at IS NOT NULL;
CREATE INDEX port_payment_given_back ON port_payment (refunded_at)
WHERE refunded_at IS NOT NULL;

-- When its port says it was paid; of what was seen before this was kept, when it was seen.
ALTER TABLE port_payment_more ADD COLUMN paid_at timestamptz;
UPDATE port_payment_more SET paid_at = seen_at;
ALTER TABLE port_payment_more ALTER COLUMN paid_at SET NOT NULL;
CREATE INDEX port_payment_more_paid ON port_payment_more (paid_at);
CREATE INDEX port_payment_more_given_back ON port_payment_more (refunded_at)
WHERE refunded_at IS NOT NULL;

-- What went over ports, in or back, under the number that its port has of it: what it took and we
-- have put onto a card or are to give back, and what was given back. What is paid and on no card
-- yet is not ours.
CREATE VIEW port_moved AS
SELECT
    p.port,
    p.paid_at AS moved_at,
    p.reference,
    i.currency AS unit,
    p.amount_minor,
    CASE WHEN p.journal_id IS NOT NULL THEN p.shard END AS shard,
    p.journal_id
FROM port_payment AS p
INNER JOIN issuer AS i ON p.issuer_id = i.id
WHERE p.state IN ('loaded', 'refunding', 'refunded')
UNION ALL
SELECT
    p.port,
    p.refunded_at AS moved_at,
    'R-' || p.reference AS reference,
    i.currency AS unit,
    -p.amount_minor AS amount_minor,
    NULL AS shard,
    NULL AS journal_id
FROM port_payment AS p
INNER JOIN issuer AS i ON p.issuer_id = i.id
WHERE p.refunded_at IS NOT NULL
UNION ALL
SELECT
    p.port,
    o.paid_at AS moved_at,
    o.reference,
    i.currency AS unit,
    o.amount_minor,
    NULL AS shard,
    NULL AS journal_id
FROM port_payment_more AS o
INNER JOIN port_payment AS p ON o.payment_id = p.id
INNER JOIN issuer AS i ON p.issuer_id = i.id
UNION ALL
SELECT
    p.port,
    o.refunded_at AS moved_at,
    'R-' || o.reference AS reference,
    i.currency AS unit,
    -o.amount_minor AS amount_minor,
    NULL AS shard,
    NULL AS journal_id
FROM port_payment_more AS o
INNER JOIN port_payment AS p ON o.payment_id = p.id
INNER JOIN issuer AS i ON p.issuer_id = i.id
WHERE o.refunded_at IS NOT NULL;

-- A port tells of a date as merchants, issuers and the bank do.
ALTER TABLE recon_due
ADD COLUMN port text,
DROP CONSTRAINT recon_due_source,
DROP CONSTRAINT recon_due_once,
ADD CONSTRAINT recon_due_source CHECK (
    (source = 'merchant_file') = (merchant_id IS NOT NULL)
    AND (source = 'issuer_file') = (issuer_id IS NOT NULL)
    AND (source = 'port_bill') = (port IS NOT NULL)
    AND source IN ('merchant_file', 'issuer_file', 'bank_statement', 'port_bill')
),
ADD CONSTRAINT recon_due_once
UNIQUE NULLS NOT DISTINCT (source, merchant_id, issuer_id, port);
ALTER TABLE recon_file
ADD COLUMN port text,
DROP CONSTRAINT recon_file_source,
DROP CONSTRAINT recon_file_once,
DROP CONSTRAINT recon_file_of_date,
ADD CONSTRAINT recon_file_source CHECK (
    (source = 'merchant_file') = (merchant_id IS NOT NULL)
    AND (source = 'issuer_file') = (issuer_id IS NOT NULL)
    AND (source = 'port_bill') = (port IS NOT NULL)
    AND source IN ('merchant_file', 'issuer_file', 'bank_statement', 'port_bill')
),
ADD CONSTRAINT recon_file_once
UNIQUE NULLS NOT DISTINCT (source, merchant_id, issuer_id, port, sha256),
ADD CONSTRAINT recon_file_of_date
UNIQUE NULLS NOT DISTINCT (source, merchant_id, issuer_id, port, business_date);

-- As before; of a port, its own file.
CREATE OR REPLACE VIEW day_state AS
SELECT
    day.business_date,
    CASE
        WHEN day.state = 'open' THEN 'open'
        WHEN release.business_date IS NOT NULL THEN 'released'
        WHEN 'checkpoint' = any(night.steps)
            THEN CASE WHEN told.is_reconciled THEN 'reconciled' ELSE 'files_out' END
        WHEN 'net' = any(night.steps) THEN 'netted'
        ELSE 'closed'
    END AS state,
    coalesce(cardinality(night.steps), 0) AS steps,
    coalesce(night.taken_by, '{}') AS taken_by,
    night.files_digest,
    release.released_by,
    release.released_at
FROM business_day AS day
LEFT JOIN clearing_release AS release ON day.business_date = release.business_date
LEFT JOIN LATERAL (
    SELECT
        array_agg(step.step) AS steps,
        array_agg(DISTINCT step.taken_by) FILTER (WHERE step.taken_by <> '') AS taken_by,
        max(step.left_digest) FILTER (WHERE step.step = 'files') AS files_digest
    FROM clearing_step AS step
    WHERE step.business_date = day.business_date
) AS night ON true
LEFT JOIN LATERAL (
    SELECT
        coalesce(bool_and(file.matched_at IS NOT NULL), false)
        AND NOT EXISTS (
            SELECT FROM recon_file AS one
            WHERE one.business_date = day.business_date AND one.matched_at IS NULL
        )
        AND NOT EXISTS (
            SELECT FROM recon_item AS item
            WHERE item.business_date = day.business_date AND item.answer IS NULL
        ) AS is_reconciled
    FROM recon_due AS due
    LEFT JOIN recon_file AS file
        ON
            due.source = file.source
            AND file.business_date = day.business_date
            AND due.merchant_id IS NOT DISTINCT FROM file.merchant_id
            AND due.issuer_id IS NOT DISTINCT FROM file.issuer_id
            AND due.port IS NOT DISTINCT FROM file.port
    WHERE due.since <= day.business_date AND coalesce(due.until, 'infinity') >= day.business_date
) AS told ON true;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON port_moved TO posswitch_auditor, posswitch_office;
GRANT UPDATE (refunded_at) ON port_payment TO posswitch_office;
GRANT INSERT (paid_at) ON port_payment_more TO posswitch_office;
GRANT INSERT (port) ON recon_due, recon_file TO posswitch_office;
GRANT SELECT (port, moved_at, reference, unit, amount_minor, shard, journal_id)
ON port_moved TO posswitch_reader;
GRANT SELECT (refunded_at) ON port_payment TO posswitch_reader;
GRANT SELECT (paid_at) ON port_payment_more TO posswitch_reader;
GRANT SELECT (port) ON recon_due, recon_file TO posswitch_reader;
