-- Which order a payment is for, in its merchant's own numbers: of those that say one, so that no
-- other posting pays for it. It is under the seal of its batch, as the journal is.

CREATE TABLE order_reference (
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    order_number text NOT NULL
    CONSTRAINT order_is_one CHECK (order_number ~ '^[!-~]{1,32}$'),
    sub_order text NOT NULL DEFAULT ''
    CONSTRAINT sub_order_is_one CHECK (sub_order ~ '^[!-~]{0,32}$'),
    -- As its exchange, so that an order is read by time.
    decided_at timestamptz NOT NULL,
    CONSTRAINT order_reference_once PRIMARY KEY (shard, journal_id)
);
CREATE INDEX order_reference_of ON order_reference (order_number, decided_at, journal_id);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT INSERT ON order_reference TO posswitch_poster;
GRANT SELECT (
    shard, journal_id, order_number, sub_order, decided_at
) ON order_reference TO posswitch_reader;
GRANT SELECT (
    shard, journal_id, order_number, sub_order, decided_at
) ON order_reference TO posswitch_office;
GRANT SELECT (issuer_id) ON journal TO posswitch_office;
