"""`python -m config` is `posswitch`."""

from config.cli.app import main

main()
