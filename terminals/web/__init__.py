"""How a browser speaks: words and values in, HTML out. No socket, no session, no statement."""
