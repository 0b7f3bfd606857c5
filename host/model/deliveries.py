"""How files of the night are brought to whom they are for."""

import enum


@enum.unique
class FileForm(enum.StrEnum):
    """As what a party takes its file. `clearing.forms` makes each."""

    CSV = "csv"
    FIXED = "fixed"
    FIXED_SUMMARY = "fixed_summary"
    XLSX = "xlsx"
