-- What people look at of what is printed.

-- name: sheets
-- Each in its newest version; millimetres as they are typed.
SELECT
    s.id AS sheet,
    i.institution_id AS issuer,
    s.name,
    s.version,
    s.state,
    v.layout,
    v.lefts::text [] AS lefts,
    v.tops::text [] AS tops,
    v.widths::text [] AS widths,
    v.sizes::text [] AS sizes,
    v.text_colour,
    v.error_level,
    v.has_cut_marks,
    v.made_by,
    v.made_at,
    s.issuer_id AS of_issuer
FROM sheet AS s
INNER JOIN issuer AS i ON s.issuer_id = i.id
INNER JOIN sheet_version AS v ON s.id = v.sheet_id AND s.version = v.version;
