"""Any message in words, however it comes: read, masked, explained, shown."""
