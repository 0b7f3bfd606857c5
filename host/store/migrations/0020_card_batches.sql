-- Cards with a life: products in versions, card batches and their parts, and the estate's version,
-- by which a posting batch sees what changed before it decides anything.

-- Estate. -------------------------------------------------------------------------------------

CREATE TABLE vendor (
    id integer CONSTRAINT vendor_once PRIMARY KEY,
    issuer_id smallint NOT NULL REFERENCES issuer,
    name text NOT NULL CHECK (name <> ''),
    contact text NOT NULL CHECK (contact <> ''),
    note text NOT NULL DEFAULT '',
    CONSTRAINT vendor_named UNIQUE (issuer_id, name)
);

CREATE TABLE product (
    id integer CONSTRAINT product_once PRIMARY KEY,
    issuer_id smallint NOT NULL REFERENCES issuer,
    code text NOT NULL CHECK (code <> ''),
    name text NOT NULL CHECK (name <> ''),
    CONSTRAINT product_coded UNIQUE (issuer_id, code)
);

-- A card keeps the version that it was made under. Amounts are in minor units of the issuer's
-- currency; limits are null where the issuer's alone hold.
CREATE TABLE product_version (
    product_id integer NOT NULL REFERENCES product,
    version smallint NOT NULL CHECK (version > 0),
    form text NOT NULL CHECK (form IN ('physical', 'virtual', 'paper', 'ticket')),
    face_minor_min bigint NOT NULL,
    face_minor_max bigint NOT NULL,
    valid_from date,
    valid_to date,
    valid_days integer,
    is_reloadable boolean NOT NULL,
    pin text NOT NULL CHECK (pin IN ('never', 'if_sent', 'required')),
    activation text [] NOT NULL,
    amount_minor_max bigint CHECK (amount_minor_max > 0),
    balance_minor_max bigint CHECK (balance_minor_max > 0),
    made_by text NOT NULL CHECK (made_by <> ''),
    made_at timestamptz NOT NULL,
    CONSTRAINT product_version_once PRIMARY KEY (product_id, version),
    CONSTRAINT product_face CHECK (face_minor_min >= 0 AND face_minor_max >= face_minor_min),
    CONSTRAINT product_validity CHECK (
        (valid_days > 0 AND valid_from IS NULL AND valid_to IS NULL)
        OR (valid_days IS NULL AND valid_to IS NOT NULL AND valid_from <= valid_to)
    ),
    CONSTRAINT product_activation CHECK (
        activation <@ ARRAY['till', 'office', 'holder'] AND activation <> '{}'
    )
);

CREATE SEQUENCE card_batch_number;
CREATE TABLE card_batch (
    id integer CONSTRAINT card_batch_once PRIMARY KEY,
    code text NOT NULL CONSTRAINT card_batch_coded UNIQUE,
    issuer_id smallint NOT NULL REFERENCES issuer,
    product_id integer NOT NULL,
    product_version smallint NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    responsible text NOT NULL CHECK (responsible <> ''),
    vendor_id integer REFERENCES vendor,
    face_minor bigint NOT NULL CHECK (face_minor >= 0),
    -- Narrower than the product's; null where those hold.
    valid_from date,
    valid_to date,
    note text NOT NULL DEFAULT '',
    state text NOT NULL CHECK (
        state IN (
            'draft', 'generating', 'generated', 'opened', 'suspended', 'voided', 'expired', 'closed'
        )
    ),
    made_by text NOT NULL CHECK (made_by <> ''),
    made_at timestamptz NOT NULL,
    suspended_by text,
    CONSTRAINT card_batch_product FOREIGN KEY (
        product_id, product_version
    ) REFERENCES product_version,
    CONSTRAINT card_batch_days CHECK (valid_from <= valid_to)
);
CREATE INDEX card_batch_of_issuer ON card_batch (issuer_id, id);

-- Each is made and opened by itself. The number of a card is that of its part and its place there,
-- so none is there twice, whatever happens while they are made.
CREATE SEQUENCE card_part_number;
CREATE TABLE card_batch_part (
    id integer CONSTRAINT card_batch_part_once PRIMARY KEY CHECK (id > 0),
    batch_id integer NOT NULL REFERENCES card_batch,
    number smallint NOT NULL CHECK (number > 0),
    cards integer NOT NULL CHECK (cards > 0),
    state text NOT NULL CHECK (state IN ('draft', 'generating', 'generated', 'opened')),
    added_by text NOT NULL CHECK (added_by <> ''),
    added_at timestamptz NOT NULL,
    opened_by text,
    opened_at timestamptz,
    CONSTRAINT card_batch_part_numbered UNIQUE (batch_id, number),
    CONSTRAINT card_batch_part_opened CHECK (
        (state = 'opened') = (opened_by IS NOT NULL AND opened_at IS NOT NULL)
    ),
    CONSTRAINT card_batch_part_by_two CHECK (opened_by <> added_by)
);

-- Cards. --------------------------------------------------------------------------------------

-- Null where an estate file brought the card: it is of no batch, nobody tracks its sale, and its
-- days are those of its expiry.
ALTER TABLE card
DROP CONSTRAINT card_status_check,
ADD CONSTRAINT card_status CHECK (
    status IN (
        'inactive', 'active', 'frozen', 'lost', 'stolen', 'replaced', 'voided', 'expired'
    )
),
ADD COLUMN part_id integer,
ADD COLUMN sale text,
ADD COLUMN valid_from date,
ADD COLUMN valid_to date,
ADD CONSTRAINT card_sale CHECK (sale IN ('unsold', 'allocated', 'sold', 'returned')),
ADD CONSTRAINT card_sale_of_batch CHECK (sale IS NULL OR part_id IS NOT NULL);

-- The estate's version. -----------------------------------------------------------------------

CREATE TABLE estate_version (
    is_the_one boolean CONSTRAINT estate_version_once PRIMARY KEY DEFAULT true CHECK (is_the_one),
    version bigint NOT NULL CHECK (version >= 0)
);
INSERT INTO estate_version (version) VALUES (0);

CREATE TABLE estate_change (
    version bigint CONSTRAINT estate_change_once PRIMARY KEY,
    relation text NOT NULL CHECK (
        relation IN ('issuer', 'merchant', 'terminal', 'card_batch', 'card_batch_part')
    ),
    key text NOT NULL
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (
    id, issuer_id, product_id, product_version, state, face_minor
) ON card_batch TO posswitch_poster;
GRANT SELECT (id, batch_id, state) ON card_batch_part TO posswitch_poster;
GRANT SELECT (
    product_id, version, form, face_minor_min, face_minor_max, valid_from, valid_to, valid_days,
    is_reloadable, pin, activation, amount_minor_max, balance_minor_max
) ON product_version TO posswitch_poster;
GRANT SELECT ON estate_version, estate_change TO posswitch_poster;

GRANT SELECT (id, issuer_id, name, contact, note) ON vendor TO posswitch_reader;
GRANT SELECT (id, issuer_id, code, name) ON product TO posswitch_reader;
GRANT SELECT (
    product_id, version, form, face_minor_min, face_minor_max, valid_from, valid_to, valid_days,
    is_reloadable, pin, activation, amount_minor_max, balance_minor_max, made_by, made_at
) ON product_version TO posswitch_reader;
GRANT SELECT (
    id, code, issuer_id, product_id, product_version, name, responsible, vendor_id, face_minor,
    valid_from, valid_to, note, state, made_by, made_at, suspended_by
) ON card_batch TO posswitch_reader;
GRANT SELECT (
    id, batch_id, number, cards, state, added_by, added_at, opened_by, opened_at
) ON card_batch_part TO posswitch_reader;
GRANT SELECT (part_id, sale, valid_from, valid_to) ON card TO posswitch_reader;
GRANT SELECT (is_the_one, version) ON estate_version TO posswitch_reader;
GRANT SELECT (version, relation, key) ON estate_change TO posswitch_reader;
