-- A card that was made in a batch, and noted as such are.

INSERT INTO card (
    shard, pan_hash, id, issuer_id, status, expiry, pan_masked, pan_sealed, part_id, sale
) VALUES
(
    '0', '\x00000000000000000000000000000032', '4294967299', '1', 'inactive', '2810',
    '991000******0032', '\x5ea1ed32', 1, 'unsold'
);

INSERT INTO change (relation, key, keys, digests, content)
SELECT
    'card',
    '',
    array_agg(concat_ws('/', t.shard, encode(t.pan_hash, 'hex'))),
    row_digests(array_agg(t)),
    row_content(
        (array_agg(t))[1],
        '{code_hash,code_sealed,id,pan_hash,pan_masked,pan_sealed,pin_value,shard}'
    )
FROM card AS t
WHERE t.id = 4294967299;

UPDATE card_batch_part SET cards = 3, made = 3 WHERE id = 1;
