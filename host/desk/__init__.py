"""Whatever moves no value and is no exchange: sign-ons, settlements, uploads, reports."""
