-- A grant may be of an alliance: whose something is has one column more, wherever it stands.

ALTER TABLE person ADD COLUMN alliance_id smallint REFERENCES alliance;
ALTER TABLE person_grant
DROP CONSTRAINT person_grant_scope,
ADD COLUMN alliance_id smallint REFERENCES alliance,
ADD CONSTRAINT person_grant_scope CHECK (
    CASE scope
        WHEN 'platform' THEN num_nonnulls(issuer_id, merchant_id, store_id, alliance_id) = 0
        WHEN 'issuer'
            THEN issuer_id IS NOT NULL AND num_nonnulls(merchant_id, store_id, alliance_id) = 0
        WHEN 'alliance'
            THEN alliance_id IS NOT NULL AND num_nonnulls(issuer_id, merchant_id, store_id) = 0
        WHEN 'merchant'
            THEN merchant_id IS NOT NULL AND num_nonnulls(issuer_id, store_id, alliance_id) = 0
        WHEN 'store'
            THEN
                num_nonnulls(merchant_id, store_id) = 2
                AND num_nonnulls(issuer_id, alliance_id) = 0
        ELSE false
    END
);
ALTER TABLE approval ADD COLUMN alliance_id smallint;
ALTER TABLE history ADD COLUMN alliance_id smallint;
ALTER TABLE job ADD COLUMN alliance_id smallint;
ALTER TABLE office_file ADD COLUMN alliance_id smallint;
ALTER TABLE disclosure ADD COLUMN alliance_id smallint;

CREATE INDEX person_by_alliance ON person (alliance_id, name, id);
CREATE INDEX person_grant_by_alliance ON person_grant (alliance_id, id);
CREATE INDEX person_grant_ending_of_alliance ON person_grant (alliance_id, until_at, id);
CREATE INDEX approval_by_alliance ON approval (alliance_id, expires_at, id);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT INSERT (
    alliance_id
) ON person, person_grant, approval, history, job, office_file, disclosure TO posswitch_office;
GRANT SELECT (
    alliance_id
) ON person, person_grant, approval, history, job, office_file, disclosure TO posswitch_reader;
