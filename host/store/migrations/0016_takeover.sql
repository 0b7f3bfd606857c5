-- Edits of the estate that were made by hand, taken over by two people.

-- What a row said when it was noted, of tables that operators edit (host.store.deciding), without
-- what nobody is shown. And of a change that was taken over why, and by whom.
ALTER TABLE change
ADD COLUMN content jsonb,
ADD COLUMN reason text,
ADD COLUMN asked_by text,
ADD COLUMN accepted_by text,
ADD CONSTRAINT change_content CHECK (jsonb_typeof(content) = 'object'),
ADD CONSTRAINT change_taken_over_whole CHECK (
    num_nonnulls(reason, asked_by, accepted_by) IN (0, 3)
),
ADD CONSTRAINT change_taken_over_by_two CHECK (asked_by <> accepted_by),
ADD CONSTRAINT change_taken_over_of_estate CHECK (
    reason IS NULL
    OR relation IN (
        'issuer', 'programme', 'merchant', 'store', 'acceptance', 'terminal', 'card', 'account'
    )
);

-- As row_digest, to be read: all columns but those that are named.
CREATE FUNCTION row_content(whole anyelement, unseen text []) RETURNS jsonb LANGUAGE sql STABLE
SET timezone = 'UTC' SET bytea_output = 'hex'
AS 'SELECT to_jsonb(whole) - unseen';

-- An edit that one person asks to take over, as it is now, until another agrees.
CREATE TABLE takeover (
    relation text NOT NULL,
    key text NOT NULL,
    -- Of the row as it was when it was asked; null where it was taken out.
    digest bytea,
    reason text NOT NULL CHECK (reason <> ''),
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    CONSTRAINT takeover_once PRIMARY KEY (relation, key),
    CONSTRAINT takeover_of_estate CHECK (
        relation IN (
            'issuer', 'programme', 'merchant', 'store', 'acceptance', 'terminal', 'card', 'account'
        )
    )
);

GRANT INSERT (content) ON change TO posswitch_poster;
GRANT SELECT (content, reason, asked_by, accepted_by) ON change TO posswitch_reader;
GRANT SELECT (relation, digest, reason, asked_by, asked_at) ON takeover TO posswitch_reader;
