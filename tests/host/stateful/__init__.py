"""Every kind of money, in any order, against a small model that shares no code with the host."""
