"""What each command does, once its words have been understood."""
