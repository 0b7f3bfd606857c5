-- What external issuers decided, as our host has posted it, and reports of the switch, once each.

-- Such a journal has card 0, for the issuer's cards are in no book of ours. Here is how the issuer
-- knows it: F37 and F38 as its terminal was told, and the card masked.
CREATE TABLE advice (
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    reference text NOT NULL,
    auth_code text,
    pan_masked text NOT NULL,
    CONSTRAINT advice_once PRIMARY KEY (shard, journal_id)
);

-- What an external issuer has to pay; one of each in every estate that was loaded before.
INSERT INTO account (id, shard, chart, unit, issuer_id)
SELECT
    nextval('account_number'),
    0,
    'issuer_receivable',
    currency,
    id
FROM issuer;

-- A report that comes again, because its answer was lost, is no second case, even where the case
-- was resolved in between. Other words about the same exchange are another report.
CREATE TABLE case_report (
    slot text COLLATE "C" NOT NULL,
    detail text NOT NULL,
    reported_at timestamptz NOT NULL,
    CONSTRAINT case_report_once PRIMARY KEY (slot, detail)
);

GRANT SELECT ON advice, case_report TO posswitch_poster, posswitch_night, posswitch_reader;
GRANT INSERT ON advice, case_report TO posswitch_poster;
