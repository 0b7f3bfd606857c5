"""Rows of the two tables, by what they are about: put together in `host.office.tables`."""
