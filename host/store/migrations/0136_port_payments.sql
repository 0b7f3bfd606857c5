-- Members pay over a payment port for what comes onto a card: ordered, paid, then loaded, once.
-- What a port has taken for an issuer's cards it owes to that issuer.

CREATE SEQUENCE port_payment_number;
CREATE TABLE port_payment (
    id bigint NOT NULL CONSTRAINT port_payment_once PRIMARY KEY,
    port text NOT NULL,
    -- By which the port knows it.
    order_number text NOT NULL CONSTRAINT port_payment_order UNIQUE,
    -- Who pays, and the card that it is for, whosever that is.
    member_id bigint NOT NULL REFERENCES member,
    asked_by bigint NOT NULL REFERENCES person,
    issuer_id smallint NOT NULL REFERENCES issuer,
    shard smallint NOT NULL,
    card_id bigint NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT port_payment_amount CHECK (amount_minor > 0),
    -- What the job is left with that puts it onto the card.
    plan jsonb NOT NULL,
    asked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'to_pay',
    -- The port's own, of the payment that is taken for it.
    reference text,
    paid_at timestamptz,
    -- Why it was given back.
    refusal text NOT NULL DEFAULT '',
    journal_id bigint,
    looks smallint NOT NULL DEFAULT 0,
    -- When the port is asked again; null: never by itself.
    next_look_at timestamptz,
    CONSTRAINT port_payment_state CHECK (
        state IN ('to_pay', 'paid', 'loaded', 'unpaid', 'refunding', 'refunded')
    ),
    CONSTRAINT port_payment_whole CHECK (
        (state = 'loaded') = (journal_id IS NOT NULL)
        AND (state IN ('to_pay', 'unpaid')) = (reference IS NULL)
        AND (reference IS NULL) = (paid_at IS NULL)
        AND (state IN ('refunding', 'refunded')) = (refusal <> '')
    )
);
CREATE INDEX port_payment_due ON port_payment (next_look_at) WHERE next_look_at IS NOT NULL;
CREATE INDEX port_payment_of_member ON port_payment (member_id, id);
CREATE INDEX port_payment_by_journal ON port_payment (journal_id) WHERE journal_id IS NOT NULL;

-- What a port took for an order beside the one payment that counts: it is given back.
CREATE TABLE port_payment_more (
    payment_id bigint NOT NULL REFERENCES port_payment,
    reference text NOT NULL,
    amount_minor bigint NOT NULL,
    seen_at timestamptz NOT NULL,
    refunded_at timestamptz,
    CONSTRAINT port_payment_more_once PRIMARY KEY (payment_id, reference)
);

-- What the simulated port remembers: it is nobody else's, and no money.
CREATE TABLE port_simulated (
    order_number text NOT NULL CONSTRAINT port_simulated_once PRIMARY KEY,
    amount_minor bigint NOT NULL,
    is_closed boolean NOT NULL DEFAULT false,
    -- Until then it says nothing.
    silent_until timestamptz,
    paid jsonb NOT NULL DEFAULT '[]'
);

-- What ports owe to each issuer.
INSERT INTO account (id, chart, unit, issuer_id)
SELECT
    nextval('account_number'),
    'port_receivable',
    issuer.currency,
    issuer.id
FROM issuer
ORDER BY issuer.id;

-- Loads of cards are listed by whatever way they came.
DROP INDEX journal_load;
CREATE INDEX journal_load ON journal (id)
WHERE
kind IN (
    'cash_load', 'cash_load_confirm', 'load_by_phone', 'load_by_code', 'cash_taken', 'port_load'
)
AND amount_minor > 0;
DROP INDEX journal_load_of_issuer;
CREATE INDEX journal_load_of_issuer ON journal (issuer_id, id)
WHERE
kind IN (
    'cash_load', 'cash_load_confirm', 'load_by_phone', 'load_by_code', 'cash_taken', 'port_load'
)
AND issuer_id > 0;
DROP INDEX journal_load_of_merchant;
CREATE INDEX journal_load_of_merchant ON journal (merchant_id, id)
WHERE
kind IN (
    'cash_load', 'cash_load_confirm', 'load_by_phone', 'load_by_code', 'cash_taken', 'port_load'
)
AND merchant_id > 0;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON port_payment TO posswitch_poster;
GRANT UPDATE (state, journal_id) ON port_payment TO posswitch_poster;
GRANT SELECT ON port_payment, port_payment_more, port_simulated TO posswitch_office;
GRANT USAGE ON SEQUENCE port_payment_number TO posswitch_office;
GRANT INSERT (
    id, port, order_number, member_id, asked_by, issuer_id, shard, card_id, amount_minor, plan,
    asked_at, expires_at, next_look_at
) ON port_payment TO posswitch_office;
GRANT UPDATE (
    state, reference, paid_at, refusal, looks, next_look_at
) ON port_payment TO posswitch_office;
GRANT INSERT (
    payment_id, reference, amount_minor, seen_at
) ON port_payment_more TO posswitch_office;
GRANT UPDATE (refunded_at) ON port_payment_more TO posswitch_office;
GRANT INSERT (order_number, amount_minor) ON port_simulated TO posswitch_office;
GRANT UPDATE (is_closed, silent_until, paid) ON port_simulated TO posswitch_office;
GRANT SELECT ON port_payment, port_payment_more, port_simulated TO posswitch_auditor;
GRANT SELECT (
    id, port, order_number, member_id, asked_by, issuer_id, shard, card_id, amount_minor, plan,
    asked_at, expires_at, state, reference, paid_at, refusal, journal_id, looks, next_look_at
) ON port_payment TO posswitch_reader;
GRANT SELECT (
    payment_id, reference, amount_minor, seen_at, refunded_at
) ON port_payment_more TO posswitch_reader;
GRANT SELECT (
    order_number, amount_minor, is_closed, silent_until, paid
) ON port_simulated TO posswitch_reader;
