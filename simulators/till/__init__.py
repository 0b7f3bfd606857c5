"""A till on the screen: a line typed is what a cashier does, a receipt what comes of it."""
