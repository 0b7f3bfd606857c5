-- Payments over a port are played only where two people have said so: nobody has paid what one puts
-- onto a card.

INSERT INTO office_setting (name, value) VALUES ('simulated_payments', 0);
