"""The money. Knows no bytes of any terminal."""
