-- How long points are good for is said by dated rows of their programme, and from when they may be
-- spent. What never expires has the last day there is, 9999-12-31.

-- The row that is in force is that of the last day not after the one on which points are earned.
-- Days count from the first on which they may be spent; months and years end with their last day,
-- so many after that of the first.
CREATE TABLE points_life (
    programme text NOT NULL CONSTRAINT points_life_of_programme REFERENCES programme (code),
    since date NOT NULL,
    life text NOT NULL,
    life_count smallint NOT NULL DEFAULT 0,
    pending_days smallint NOT NULL DEFAULT 0,
    CONSTRAINT points_life_once PRIMARY KEY (programme, since),
    CONSTRAINT points_life_known CHECK (
        life IN ('never', 'days', 'months', 'month_end', 'year_end')
    ),
    CONSTRAINT points_life_counted CHECK (
        CASE
            WHEN life = 'days' THEN life_count BETWEEN 1 AND 3650
            WHEN life = 'months' THEN life_count BETWEEN 1 AND 120
            ELSE life_count = 0
        END
    ),
    CONSTRAINT points_life_pending CHECK (pending_days BETWEEN 0 AND 366)
);
INSERT INTO points_life (programme, since, life, life_count)
SELECT
    code,
    '2000-01-01',
    'months',
    lot_months
FROM programme;
ALTER TABLE programme DROP COLUMN lot_months;

-- Null: at once.
ALTER TABLE lot
ADD COLUMN available_from date,
ADD CONSTRAINT lot_available_in_time CHECK (available_from <= expires_on);

-- What was ever pending, by the day on which it is no more. What never expires is in the order in
-- which it was earned: all of it has one last day, of which lot_unspent has one entry.
CREATE INDEX lot_pending ON lot (shard, account_id, available_from)
WHERE available_from IS NOT NULL;
CREATE INDEX lot_lasting ON lot (shard, account_id, id)
WHERE remaining <> 0 AND expires_on = '9999-12-31';

-- Of what was posted, what may not be spent yet, and the first day on which some of it may. Null
-- where nothing is pending. Lots that are available from that day on or later are counted.
ALTER TABLE purse
ADD COLUMN pending_minor bigint,
ADD COLUMN pending_from date,
ADD CONSTRAINT pending_is_something CHECK (
    pending_minor > 0 AND (pending_minor IS NULL OR pending_from IS NOT NULL)
),
DROP CONSTRAINT purse_not_overdrawn,
ADD CONSTRAINT purse_not_overdrawn CHECK (
    posted_minor - held_minor - coalesce(pending_minor, 0) >= floor_minor
);

-- Points that are not to be spent yet when they leave a card are not on the other.
ALTER TABLE transit ADD COLUMN available_from date;

-- What a card has in each unit as of the open business date: what may be spent, less than nothing
-- where it owes points, and what may be later. What has expired pays what other lots owe, and the
-- rest is lost, written off or not. Lots are looked at only where a day of the purse has come.
CREATE VIEW purse_now AS
SELECT
    p.shard,
    p.card_id,
    p.account_id,
    p.unit,
    p.posted_minor,
    p.held_minor,
    p.last_journal,
    (
        p.posted_minor - p.held_minor
        - coalesce(later.points, p.pending_minor, 0)
        - greatest(coalesce(gone.points - owed.points, 0), 0)
    )::bigint AS spendable_minor,
    coalesce(later.points, p.pending_minor, 0)::bigint AS pending_minor
FROM purse AS p
LEFT JOIN business_day AS d ON d.state = 'open'
LEFT JOIN LATERAL (
    SELECT coalesce(sum(l.remaining), 0) AS points
    FROM lot AS l
    WHERE
        l.shard = p.shard
        AND l.account_id = p.account_id
        AND l.available_from IS NOT NULL
        AND l.available_from > d.business_date
        AND l.remaining > 0
) AS later ON p.pending_from <= d.business_date
LEFT JOIN LATERAL (
    SELECT sum(l.remaining) AS points
    FROM lot AS l
    WHERE
        l.shard = p.shard
        AND l.account_id = p.account_id
        AND l.remaining <> 0
        AND l.remaining > 0
        AND l.expires_on < d.business_date
) AS gone ON p.expires_from < d.business_date
LEFT JOIN LATERAL (
    SELECT coalesce(sum(-l.remaining), 0) AS points
    FROM lot AS l
    WHERE l.shard = p.shard AND l.account_id = p.account_id AND l.remaining < 0
) AS owed ON p.expires_from < d.business_date;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON points_life TO posswitch_poster, posswitch_office;
GRANT SELECT (programme, since, life, life_count, pending_days) ON points_life TO posswitch_reader;
GRANT INSERT ON points_life TO posswitch_office;
GRANT UPDATE (life, life_count, pending_days) ON points_life TO posswitch_office;
GRANT INSERT (available_from) ON lot, transit TO posswitch_poster;
GRANT SELECT (available_from) ON lot, transit TO posswitch_reader;
GRANT SELECT (pending_minor, pending_from), INSERT (pending_minor, pending_from) ON purse
TO posswitch_poster;
GRANT UPDATE (pending_minor, pending_from) ON purse TO posswitch_poster;
GRANT SELECT (pending_minor, pending_from) ON purse TO posswitch_reader;
GRANT SELECT (
    shard, card_id, account_id, unit, posted_minor, held_minor, last_journal, spendable_minor,
    pending_minor
) ON purse_now TO posswitch_reader;
GRANT SELECT (
    shard, card_id, account_id, unit, posted_minor, held_minor, last_journal, spendable_minor,
    pending_minor
) ON purse_now TO posswitch_office;
REVOKE SELECT (last_journal) ON purse FROM posswitch_office;
