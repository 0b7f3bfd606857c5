-- Zone PIN keys: what PIN blocks are put under for an external issuer's own host.

-- A key block (ANSI X9.143, version D) under the LMK, by the name that an issuer's row says.
CREATE TABLE zone_key (
    name text PRIMARY KEY,
    block text NOT NULL,
    check_value text NOT NULL,
    entered_by text NOT NULL DEFAULT '',
    stored_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT ON zone_key TO posswitch_poster, posswitch_night;
