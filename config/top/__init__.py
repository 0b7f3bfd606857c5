"""`posswitch top`: what host and switch do at this moment, without a question to the database."""
