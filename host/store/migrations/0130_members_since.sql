-- Since when a card is the member's whose it is: what was paid by it before is nobody's to see but
-- its issuer's. Null: it has been theirs for as long as it is anybody's here.

ALTER TABLE card ADD COLUMN member_since timestamptz;

UPDATE card AS c SET member_since = h.at
FROM (
    SELECT
        l.subject_key,
        max(l.at) AS at
    FROM history AS l
    WHERE
        l.action IN ('card.rebind', 'card.activate', 'card.activate_for', 'card.bind_bought')
        AND l.subject_kind = 'card'
        AND l.outcome = 'done'
    GROUP BY l.subject_key
) AS h
WHERE c.member_id IS NOT NULL AND c.id::text = h.subject_key;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT UPDATE (member_since) ON card TO posswitch_poster;
GRANT UPDATE (member_since) ON card TO posswitch_office;
GRANT SELECT (member_since) ON card TO posswitch_reader;
