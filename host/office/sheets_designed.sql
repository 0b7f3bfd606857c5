-- Sheets of vouchers as people have designed them, in versions.

-- name: next_sheet
-- Numbers without a gap.
SELECT coalesce(max(id), 0) + 1 FROM sheet;

-- name: add_sheet
-- Of an issuer, by its name there.
-- notes: sheet
INSERT INTO sheet AS t (id, issuer_id, name, version, state)
VALUES (%(id)s, %(issuer_id)s, %(name)s, 1, 'active');

-- name: next_sheet_version
-- The newest is what is printed; one that was taken out is back with it.
-- notes: sheet
UPDATE sheet AS t
SET
    name = %(name)s,
    version = t.version + 1,
    state = 'active'
WHERE t.id = %(id)s;

-- name: withdraw_sheet
-- Nothing is printed with it any more.
-- notes: sheet
UPDATE sheet AS t SET state = 'withdrawn'
WHERE t.id = %(id)s;

-- name: sheet_version
-- As it was in this version; none: as it is.
SELECT
    v.version,
    v.layout,
    v.lefts,
    v.tops,
    v.widths,
    v.sizes,
    v.text_colour,
    v.error_level,
    v.has_cut_marks
FROM sheet AS s
INNER JOIN sheet_version AS v
    ON s.id = v.sheet_id AND v.version = coalesce(%(version)s::smallint, s.version)
WHERE s.id = %(id)s;

-- name: add_sheet_version
-- Those before stay: what was printed looks so.
-- notes: sheet_version
INSERT INTO sheet_version AS t (
    sheet_id, version, layout, lefts, tops, widths, sizes, text_colour, error_level,
    has_cut_marks, made_by, made_at
)
VALUES (
    %(id)s, (SELECT s.version FROM sheet AS s WHERE s.id = %(id)s), %(layout)s, %(lefts)s,
    %(tops)s, %(widths)s, %(sizes)s, %(text_colour)s, %(error_level)s, %(has_cut_marks)s,
    %(made_by)s, %(made_at)s
);
