"""A seat: a till in a browser. What it says, what was presented at it, what it reads of answers."""
