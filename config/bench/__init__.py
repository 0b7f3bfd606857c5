"""How fast, and at what cost, beside a measure of the same machine."""
