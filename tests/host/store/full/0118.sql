-- A batch that its terminal settled otherwise than the host counted, and has not uploaded.

INSERT INTO terminal_batch (
    institution, terminal_id, epoch, state, attempt, with_points, business_date, told, counted,
    answer, settled_at, marks
) SELECT
    institution, terminal_id, '000099', 'awaiting_upload', 1, true, business_date,
    '{100, 1, 0, 0, 0, 0, 0, 0}', '{0, 0, 0, 0, 0, 0, 0, 0}', 'told', settled_at, marks
FROM terminal_batch
ORDER BY terminal_id, epoch
LIMIT 1;
