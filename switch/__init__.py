"""The wire: sockets, routing, deadlines. Knows no SQL."""
