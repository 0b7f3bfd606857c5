"""How each kind of terminal speaks. Knows no sockets and no SQL."""
