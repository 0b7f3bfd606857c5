"""Cards as people make, sell and keep them: batches and their numbers, sales, a card's life."""
