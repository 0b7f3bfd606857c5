-- Vouchers that members claim, and codes that are given anew.

ALTER TABLE card_batch
ADD COLUMN claims_max smallint
CONSTRAINT card_batch_claims CHECK (claims_max > 0);

-- By which channel a voucher came to its member.
CREATE TABLE voucher_claim (
    card_id bigint NOT NULL,
    member_id bigint NOT NULL,
    channel text NOT NULL CONSTRAINT voucher_claim_channel CHECK (channel ~ '^[!-~]{1,32}$'),
    claimed_at timestamptz NOT NULL,
    claimed_by text NOT NULL,
    CONSTRAINT voucher_claim_once PRIMARY KEY (card_id)
);

-- What used a voucher, of whichever shard: for people who ask.
CREATE INDEX voucher_use_of_any ON voucher_use (voucher_id);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT INSERT (claims_max) ON card_batch TO posswitch_office;
GRANT SELECT (claims_max) ON card_batch TO posswitch_reader;
GRANT UPDATE (pan_hash, pan_masked, pan_sealed) ON card TO posswitch_office;
GRANT SELECT, INSERT ON voucher_claim TO posswitch_office;
GRANT SELECT (
    card_id, member_id, channel, claimed_at, claimed_by
) ON voucher_claim TO posswitch_reader;
GRANT SELECT ON voucher_claim TO posswitch_auditor;
