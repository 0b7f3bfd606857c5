"""The roof: settings, wiring, command line. It sees all and nothing sees it."""
