-- A sheet of vouchers in its first version.

INSERT INTO sheet (id, issuer_id, name, version)
SELECT
    1,
    min(i.id),
    'Autumn',
    1
FROM issuer AS i;

INSERT INTO sheet_version (
    sheet_id, version, layout, lefts, tops, widths, sizes, text_colour, error_level,
    has_cut_marks, made_by, made_at
) VALUES
(
    1, 1, 'a4-3x8', '{3,3,3,49,3,3,3,18}', '{3,8,31,3,14,17,20,20}', '{44,44,64,18,44,44,14,29}',
    '{3.6,4.8,2.9,18,2.2,1.9,1.8,0}', '#000000', 'M', true, 'ma', '2026-11-26 09:00:00+00'
);
