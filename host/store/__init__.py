"""SQL and the thin modules that speak it: one a table family."""
