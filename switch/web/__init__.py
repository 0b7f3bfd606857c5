"""The web front: browsers on one side, the host's office on the other. It has no database."""
