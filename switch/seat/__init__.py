"""The seat's other half: its key, its file, its line to the switch, and what it does in doubt."""
