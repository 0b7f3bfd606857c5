"""`python -m config` is `posswitch`."""

from config.cli import main

main()
