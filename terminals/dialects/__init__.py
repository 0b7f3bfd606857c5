"""How terminals spell their messages: one table a dialect."""
