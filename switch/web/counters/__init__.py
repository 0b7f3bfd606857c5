"""Pages of a counter: sitting down at a seat, selling at it, and a clerk's phone."""
