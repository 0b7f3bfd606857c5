"""Who trades: issuers, merchants, stores, terminals and cards, described before they are loaded."""
