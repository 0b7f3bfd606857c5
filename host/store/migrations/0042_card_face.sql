-- What the cards of a product look like, in versions.

CREATE TABLE card_face (
    id integer CONSTRAINT card_face_once PRIMARY KEY,
    product_id integer NOT NULL REFERENCES product,
    name text NOT NULL CHECK (name <> ''),
    version smallint NOT NULL CHECK (version > 0),
    CONSTRAINT card_face_named UNIQUE (product_id, name)
);

-- The picture as it was sent; sizes and places in its pixels.
CREATE TABLE card_face_version (
    face_id integer NOT NULL REFERENCES card_face,
    version smallint NOT NULL CHECK (version > 0),
    image bytea NOT NULL CHECK (length(image) <= 500000),
    image_kind text NOT NULL CHECK (image_kind IN ('png', 'jpeg')),
    width integer NOT NULL CHECK (width >= 1011),
    height integer NOT NULL CHECK (height >= 638),
    title_zh text NOT NULL CHECK (title_zh <> ''),
    title_en text NOT NULL CHECK (title_en <> ''),
    small_print text NOT NULL,
    text_colour text NOT NULL CHECK (text_colour ~ '^#[0-9A-Fa-f]{6}$'),
    qr_left integer NOT NULL CHECK (qr_left >= 0),
    qr_top integer NOT NULL CHECK (qr_top >= 0),
    qr_size integer NOT NULL CHECK (qr_size >= 0),
    made_by text NOT NULL CHECK (made_by <> ''),
    made_at timestamptz NOT NULL,
    CONSTRAINT card_face_version_once PRIMARY KEY (face_id, version),
    CONSTRAINT card_face_qr_inside CHECK (qr_left + qr_size <= width AND qr_top + qr_size <= height)
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON card_face, card_face_version TO posswitch_office;
GRANT UPDATE (name, version) ON card_face TO posswitch_office;
GRANT SELECT (id, product_id, name, version) ON card_face TO posswitch_reader;
GRANT SELECT (
    face_id, version, image, image_kind, width, height, title_zh, title_en, small_print,
    text_colour, qr_left, qr_top, qr_size, made_by, made_at
) ON card_face_version TO posswitch_reader;
GRANT SELECT ON card_face, card_face_version TO posswitch_auditor;
