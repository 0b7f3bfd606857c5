-- The clearing of that day.

INSERT INTO clearing_run (business_date, started_at, completed_at) VALUES
('2026-09-30', '2026-10-01 00:00:01.249944+00', '2026-10-01 00:00:01.278513+00');

INSERT INTO clearing_step (business_date, step, finished_at, detail) VALUES
('2026-09-30', 'cut_off', '2026-10-01 00:00:01.253638+00', 'the next business date is open'),
('2026-09-30', 'net', '2026-10-01 00:00:01.256582+00', '4 positions'),
('2026-09-30', 'trial_balance', '2026-10-01 00:00:01.261966+00', '6,527.45 CNY, 363 points RED'),
('2026-09-30', 'files', '2026-10-01 00:00:01.265447+00', '4 files in /var/posswitch/files/20260930'),
('2026-09-30', 'checkpoint', '2026-10-01 00:00:01.275626+00', '16 accounts, 2 seals');

INSERT INTO position (business_date, merchant_id, issuer_id, unit, chart, entries, debit_minor, credit_minor) VALUES
('2026-09-30', '1', '1', 'CNY', 'merchant_payable', '3', '300', '13245'),
('2026-09-30', '1', '1', 'P:RED', 'merchant_points', '1', '0', '100'),
('2026-09-30', '1', '2', 'CNY', 'load_agent_receivable', '1', '20000', '0'),
('2026-09-30', '1', '2', 'CNY', 'merchant_payable', '2', '100', '100'),
('2026-09-30', '2', '1', 'CNY', 'merchant_payable', '3', '7000', '12000');

INSERT INTO trial_balance (business_date, chart, unit, debit_minor, credit_minor) VALUES
('2026-09-30', 'card_points', 'P:RED', '170', '193'),
('2026-09-30', 'card_value', 'CNY', '25345', '627400'),
('2026-09-30', 'issuer_funds', 'CNY', '600000', '0'),
('2026-09-30', 'load_agent_receivable', 'CNY', '20000', '0'),
('2026-09-30', 'merchant_payable', 'CNY', '7400', '25345'),
('2026-09-30', 'merchant_points', 'P:RED', '0', '100'),
('2026-09-30', 'points_issued', 'P:RED', '193', '70');

INSERT INTO clearing_file (business_date, name, side, party, items, sha256) VALUES
('2026-09-30', 'issuer-99770000.csv', 'issuer', '99770000', '3', '\xf8afda6524c59db7ebd33b9cfe42b7ee7911b49aa155c869a1e019d8f30da772'),
('2026-09-30', 'issuer-99880000.csv', 'issuer', '99880000', '7', '\x3706b8e86a793ee1a0f23315a3d3faf1ecd36ac2aefa2a0240274521b623dbd9'),
('2026-09-30', 'merchant-888290054110001.csv', 'merchant', '888290054110001', '7', '\x2490860fd89e05e16aab57dd2bda3a5740ca1b2ae1aee842cdb5cdea91cfb6d2'),
('2026-09-30', 'merchant-888290054110002.csv', 'merchant', '888290054110002', '3', '\x748913694332042b8334d270a19ce251f024d8c8d2ee74a3f9188ad78ae26c0e');

INSERT INTO checkpoint (account_id, business_date, balance_minor) VALUES
('1', '2026-09-30', '-400000'),
('2', '2026-09-30', '-123'),
('4', '2026-09-30', '12945'),
('5', '2026-09-30', '100'),
('7', '2026-09-30', '5000'),
('10', '2026-09-30', '-200000'),
('13', '2026-09-30', '0'),
('15', '2026-09-30', '-20000'),
('19', '2026-09-30', '87655'),
('20', '2026-09-30', '23'),
('21', '2026-09-30', '95000'),
('23', '2026-09-30', '120000'),
('25', '2026-09-30', '100000'),
('26', '2026-09-30', '0'),
('27', '2026-09-30', '100000'),
('29', '2026-09-30', '99400');

INSERT INTO checkpoint_seal (business_date, shard, seq, digest) VALUES
('2026-09-30', '0', '9', '\xf44422efb28418628391c7d0572693df158a88b3b2c15f0c936c51b84031bdbc'),
('2026-09-30', '1', '9', '\xce5fe93a63545125ec81d5d3b7e16f017b28017e93fd9b196f78c557dfbfc72e');
