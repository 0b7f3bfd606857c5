"""The frames between switch and host, and the client end of their connection."""
