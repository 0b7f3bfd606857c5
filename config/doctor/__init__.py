"""`posswitch doctor`: everything a house stands on, looked at, each with its cure."""
