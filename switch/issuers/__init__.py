"""The hosts of external issuers: lines, breakers, zones, advices."""
