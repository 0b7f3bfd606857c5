"""The other ends of the wire: terminals, and later gateways, tills and issuers."""
