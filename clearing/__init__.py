"""The night: cut-off, netting, files, trial balance. SQL and files, no event loop."""
