-- A note says what the row was before as well: what was edited by hand in between shows for good.

-- What a line under a link says: from form 2 on the digest of the row before, too, which is null
-- where there was none. Notes that are there say nothing of it, and their lines stay as they are.
ALTER TABLE change
ADD COLUMN form smallint NOT NULL DEFAULT 1,
ADD COLUMN before bytea,
ADD CONSTRAINT change_form CHECK (form = 2 OR (form = 1 AND before IS NULL));
ALTER TABLE change ALTER COLUMN form SET DEFAULT 2;

-- A change that was made over an edit by hand is taken over like the edit: as `change`, by number.
ALTER TABLE change
DROP CONSTRAINT change_taken_over_of_estate,
ADD CONSTRAINT change_taken_over_of_estate CHECK (
    reason IS NULL
    OR relation IN (
        'issuer', 'programme', 'merchant', 'store', 'acceptance', 'terminal', 'card', 'account',
        'change'
    )
);
ALTER TABLE takeover
DROP CONSTRAINT takeover_of_estate,
ADD CONSTRAINT takeover_of_estate CHECK (
    relation IN (
        'issuer', 'programme', 'merchant', 'store', 'acceptance', 'terminal', 'card', 'account',
        'change'
    )
);

-- Of those there are few: they are found without the others.
CREATE INDEX change_taken_over ON change (relation, key) WHERE reason IS NOT NULL;

GRANT INSERT (before) ON change TO posswitch_poster, posswitch_night;
GRANT SELECT (form, before) ON change TO posswitch_reader;
