-- Signed heads: where every chain stood at a moment, signed by a key that is not in the database.
-- The same lines are in a file beside the host: a tail cut off together with its heads shows.
CREATE TABLE signed_head (
    number bigint NOT NULL,
    body text NOT NULL,
    signature bytea NOT NULL,
    CONSTRAINT signed_head_once PRIMARY KEY (number)
);

GRANT SELECT ON signed_head TO posswitch_poster, posswitch_night, posswitch_reader;
GRANT INSERT ON signed_head TO posswitch_poster, posswitch_night;
