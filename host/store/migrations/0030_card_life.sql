-- How a batch's cards are made, sold, bound and activated.

-- How many of a part's cards are there, while they are made; whether somebody chose the numbers.
ALTER TABLE card_batch_part
ADD COLUMN made integer NOT NULL DEFAULT 0,
ADD COLUMN is_chosen boolean NOT NULL DEFAULT false;
UPDATE card_batch_part SET made = cards WHERE state IN ('generated', 'opened');
ALTER TABLE card_batch_part
ADD CONSTRAINT card_batch_part_made CHECK (
    made BETWEEN 0 AND cards
    AND (state NOT IN ('generated', 'opened') OR made = cards)
    AND (state <> 'draft' OR made = 0)
);

-- Whom cards are bound to. The phone is hashed, sealed and masked.
CREATE SEQUENCE member_number;
CREATE TABLE member (
    id bigint NOT NULL DEFAULT nextval('member_number'),
    phone_hash bytea NOT NULL,
    phone_sealed bytea NOT NULL,
    phone_masked text NOT NULL,
    name text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'active',
    merchant_id integer REFERENCES merchant,
    made_by text NOT NULL CHECK (made_by <> ''),
    made_at timestamptz NOT NULL,
    CONSTRAINT member_once PRIMARY KEY (id),
    CONSTRAINT member_by_phone UNIQUE (phone_hash),
    CONSTRAINT member_state CHECK (state IN ('active', 'frozen', 'closing', 'closed'))
);
CREATE INDEX member_by_name ON member (name, id);
CREATE INDEX member_of_merchant ON member (merchant_id, id);

-- Cards that were sold or allocated together, to whom and by what order.
CREATE SEQUENCE card_sale_number;
CREATE TABLE card_sale (
    id bigint NOT NULL DEFAULT nextval('card_sale_number'),
    issuer_id smallint NOT NULL REFERENCES issuer,
    product_id integer NOT NULL REFERENCES product,
    order_reference text NOT NULL CHECK (order_reference <> ''),
    channel text NOT NULL,
    buyer text NOT NULL DEFAULT '',
    member_id bigint REFERENCES member,
    cards integer NOT NULL CHECK (cards > 0),
    price_minor bigint,
    state text NOT NULL DEFAULT 'sold',
    sold_by text NOT NULL CHECK (sold_by <> ''),
    sold_at timestamptz NOT NULL,
    returned_by text,
    returned_at timestamptz,
    CONSTRAINT card_sale_once PRIMARY KEY (id),
    CONSTRAINT card_sale_ordered UNIQUE (issuer_id, order_reference),
    CONSTRAINT card_sale_channel CHECK (channel IN ('sale', 'benefit', 'enterprise', 'mall')),
    CONSTRAINT card_sale_state CHECK (state IN ('sold', 'returned')),
    CONSTRAINT card_sale_returned CHECK (
        (state = 'returned') = (returned_by IS NOT NULL AND returned_at IS NOT NULL)
    )
);

-- What a card is activated by, until it is: hashed to be verified, sealed to be handed on.
ALTER TABLE card
ADD COLUMN code_hash bytea,
ADD COLUMN code_sealed bytea,
ADD COLUMN sale_id bigint,
ADD COLUMN member_id bigint,
ADD CONSTRAINT card_code_whole CHECK ((code_hash IS NULL) = (code_sealed IS NULL)),
ADD CONSTRAINT card_sold_in_one CHECK (
    sale_id IS NULL OR sale IN ('sold', 'allocated', 'returned')
);
CREATE INDEX card_unsold ON card (part_id, id) WHERE sale = 'unsold';
CREATE INDEX card_of_sale ON card (sale_id) WHERE sale_id IS NOT NULL;
CREATE INDEX card_of_member ON card (member_id) WHERE member_id IS NOT NULL;

-- Wrong tries at activation passwords: by whom they came from, and by card.
CREATE TABLE code_try (
    source text NOT NULL,
    tries smallint NOT NULL CHECK (tries > 0),
    began_at timestamptz NOT NULL,
    CONSTRAINT code_try_once PRIMARY KEY (source)
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT UPDATE (
    status, sale, valid_from, valid_to, member_id, code_hash, code_sealed
) ON card TO posswitch_poster;

GRANT SELECT ON card, card_batch, card_batch_part, product, product_version TO posswitch_office;
GRANT INSERT (
    shard, pan_hash, id, issuer_id, status, expiry, pan_masked, pan_sealed, part_id, sale,
    valid_from, valid_to, code_hash, code_sealed
) ON card TO posswitch_office;
GRANT INSERT (
    id, code, issuer_id, product_id, product_version, name, responsible, vendor_id, face_minor,
    valid_from, valid_to, note, state, made_by, made_at
) ON card_batch TO posswitch_office;
GRANT UPDATE (
    name, responsible, vendor_id, valid_from, valid_to, note, state, suspended_by
) ON card_batch TO posswitch_office;
GRANT INSERT (
    id, batch_id, number, cards, state, added_by, added_at, is_chosen
) ON card_batch_part TO posswitch_office;
GRANT UPDATE (state, opened_by, opened_at, made) ON card_batch_part TO posswitch_office;
GRANT INSERT ON product, product_version TO posswitch_office;
GRANT UPDATE (name) ON product TO posswitch_office;
GRANT SELECT (name, value) ON setting TO posswitch_office;
GRANT SELECT ON card_sale, code_try, member TO posswitch_office;
GRANT SELECT (shard, card_id, posted_minor, held_minor) ON purse TO posswitch_office;
GRANT UPDATE (
    status, sale, sale_id, valid_to, member_id, code_hash, code_sealed
) ON card TO posswitch_office;
GRANT INSERT (
    issuer_id, product_id, order_reference, channel, buyer, member_id, cards, price_minor, sold_by,
    sold_at
) ON card_sale TO posswitch_office;
GRANT UPDATE (state, returned_by, returned_at) ON card_sale TO posswitch_office;
GRANT INSERT (
    phone_hash, phone_sealed, phone_masked, name, merchant_id, made_by, made_at
) ON member TO posswitch_office;
GRANT INSERT ON code_try TO posswitch_office;
GRANT UPDATE (tries, began_at) ON code_try TO posswitch_office;
GRANT USAGE ON SEQUENCE
card_batch_number, card_part_number, card_sale_number, member_number TO posswitch_office;

GRANT SELECT (made, is_chosen) ON card_batch_part TO posswitch_reader;
GRANT SELECT (
    id, phone_masked, name, state, merchant_id, made_by, made_at
) ON member TO posswitch_reader;
GRANT SELECT (
    id, issuer_id, product_id, order_reference, channel, buyer, member_id, cards, price_minor,
    state, sold_by, sold_at, returned_by, returned_at
) ON card_sale TO posswitch_reader;
GRANT SELECT (sale_id, member_id) ON card TO posswitch_reader;
GRANT SELECT (source, tries, began_at) ON code_try TO posswitch_reader;
