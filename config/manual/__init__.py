"""The manual's tables, written into its pages from the tables the programs run on.

A page in `docs/` is written by hand, but for its blocks:

    <!-- written: wire.fields -->
    …
    <!-- end -->

`python -m config.manual` writes every block anew; a test compares what stands there with what
this makes, so what a page's tables say cannot go out of date. `dialects.md` is one block whole.
"""
