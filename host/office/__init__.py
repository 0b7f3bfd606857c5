"""The office: what people do and see, as two tables, and the one runner of each."""
