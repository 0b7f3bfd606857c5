-- An issuer has any number of programmes, and issuers and merchants share those of an alliance.

CREATE TABLE alliance (
    id smallint CONSTRAINT alliance_once PRIMARY KEY,
    code text NOT NULL CONSTRAINT alliance_coded UNIQUE CHECK (code <> ''),
    name text NOT NULL CHECK (name <> '')
);

-- An issuer's cards, or a merchant's tills, in that time: earning, redeeming, or both. Days are
-- business dates, the last one included.
CREATE TABLE alliance_member (
    alliance_id smallint NOT NULL REFERENCES alliance,
    issuer_id smallint REFERENCES issuer,
    merchant_id integer REFERENCES merchant,
    member_from date NOT NULL,
    member_until date,
    earns boolean NOT NULL,
    redeems boolean NOT NULL,
    CONSTRAINT alliance_member_once
    UNIQUE NULLS NOT DISTINCT (alliance_id, issuer_id, merchant_id, member_from),
    CONSTRAINT alliance_member_of_one CHECK (num_nonnulls(issuer_id, merchant_id) = 1),
    CONSTRAINT alliance_member_days CHECK (member_from <= member_until)
);

-- The primary one is meant where a message names none, and answers tell of it.
ALTER TABLE programme
DROP CONSTRAINT programme_issuer_id_key,
ALTER COLUMN issuer_id DROP NOT NULL,
ADD COLUMN alliance_id smallint REFERENCES alliance,
ADD COLUMN is_primary boolean NOT NULL DEFAULT true,
ADD CONSTRAINT programme_of_one CHECK (num_nonnulls(issuer_id, alliance_id) = 1),
ADD CONSTRAINT programme_primary_of_issuer CHECK (issuer_id IS NOT NULL OR NOT is_primary);
ALTER TABLE programme ALTER COLUMN is_primary DROP DEFAULT;
CREATE UNIQUE INDEX programme_primary ON programme (issuer_id) WHERE is_primary;
CREATE INDEX programme_of_issuer ON programme (issuer_id);

-- Operators edit alliances in SQL, as the rest of the estate: two of them may take that over.
ALTER TABLE change
DROP CONSTRAINT change_taken_over_of_estate,
ADD CONSTRAINT change_taken_over_of_estate CHECK (
    reason IS NULL
    OR relation IN (
        'issuer', 'programme', 'alliance', 'alliance_member', 'merchant', 'store', 'acceptance',
        'terminal', 'card', 'account', 'change'
    )
);
ALTER TABLE takeover
DROP CONSTRAINT takeover_of_estate,
ADD CONSTRAINT takeover_of_estate CHECK (
    relation IN (
        'issuer', 'programme', 'alliance', 'alliance_member', 'merchant', 'store', 'acceptance',
        'terminal', 'card', 'account', 'change'
    )
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (alliance_id, is_primary) ON programme TO posswitch_poster;
GRANT SELECT (issuer_id, code, is_primary) ON programme TO posswitch_night;
GRANT SELECT (
    alliance_id, issuer_id, merchant_id, member_from, member_until, earns, redeems
) ON alliance_member TO posswitch_poster;
GRANT SELECT (alliance_id) ON programme TO posswitch_office;
GRANT SELECT (alliance_id, issuer_id) ON alliance_member TO posswitch_office;
GRANT SELECT (alliance_id, is_primary) ON programme TO posswitch_reader;
GRANT SELECT (id, code, name) ON alliance TO posswitch_reader;
GRANT SELECT (
    alliance_id, issuer_id, merchant_id, member_from, member_until, earns, redeems
) ON alliance_member TO posswitch_reader;
