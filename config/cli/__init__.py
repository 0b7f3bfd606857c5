"""The command `posswitch`: thin commands, each importing what it needs only then."""
