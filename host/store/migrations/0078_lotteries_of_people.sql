-- Lotteries as people make, freeze and close them at the office, and its clock goes on with them.

-- What undid a draw, by the draw.
CREATE INDEX draw_of_draw ON draw (lottery_id, of_seq, seq);

-- Rights: see host.store.rights. ---------------------------------------------------------------

-- Words of its seed are told with it, and not before.
REVOKE SELECT (author_words, freezer_words) ON lottery FROM posswitch_reader;

GRANT USAGE ON SEQUENCE lottery_number TO posswitch_office;
GRANT SELECT ON lottery, prize, prize_paid TO posswitch_office;
GRANT SELECT (lottery_id, place, taken) ON prize_stock TO posswitch_office;
GRANT SELECT (lottery_id, lines, link) ON lottery_list TO posswitch_office;
GRANT SELECT (shard, journal_id, lottery_id, seq, act, of_seq, place, member_id, link)
ON draw TO posswitch_office;
GRANT INSERT (
    code, name, issuer_id, merchant_id, alliance_id, unit, cost_points, threshold_points, cap,
    opens_on, closes_on, author_words, made_by, made_at
) ON lottery TO posswitch_office;
GRANT UPDATE (
    state, freezer_words, seed_sealed, commitment, seed_told, told_lines, told_link, frozen_by,
    frozen_at, ended_at
) ON lottery TO posswitch_office;
GRANT INSERT ON prize, prize_paid TO posswitch_office;
GRANT INSERT (lottery_id, place, stock) ON prize_stock TO posswitch_office;
GRANT INSERT (lottery_id, link) ON lottery_list TO posswitch_office;
GRANT UPDATE (held_at) ON lottery_list TO posswitch_office;
