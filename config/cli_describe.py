"""`posswitch describe` and `posswitch explain`: messages and codes in words."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

DialectOption = Annotated[
    str | None, typer.Option(help="Whose message it is; found out without it.", metavar="NAME")
]
LengthOption = Annotated[
    str | None,
    typer.Option(help="How a frame's length is written: be2, be2-inclusive, ascii4, none."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
def describe(
    message: Annotated[
        str, typer.Argument(help="Hexadecimal, base64, a file, a pcap, or - for stdin.")
    ] = "-",
    dialect: DialectOption = None,
    length: LengthOption = None,
    html: Annotated[
        Path | None, typer.Option(help="Write one HTML file instead.", metavar="FILE")
    ] = None,
    diff: Annotated[
        str | None, typer.Option(help="Tell only how this second message differs.", metavar="B")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take a message apart: every field, what it means, what is wrong. Secrets stay covered.

    Exit status 1: a message does not read well, or with --diff the two differ.
    """
    import json

    from config import describe as describing
    from config.describe_text import print_descriptions, print_difference
    from config.errors import FOUND_WRONG, SettingsError

    told = describing.described(message, dialect, length)
    if diff is not None:
        other = describing.described(diff, dialect, length)
        if len(told) != 1 or len(other) != 1:
            raise SettingsError("--diff compares one message with one. Next: give one each")
        rows = describing.difference(told[0][1], other[0][1])
        if as_json:
            typer.echo(json.dumps(rows, ensure_ascii=False))
        else:
            print_difference(rows)
        raise typer.Exit(FOUND_WRONG if rows else 0)
    if html is not None:
        describing.write_page(told, html)
        typer.echo(f"written to {html}")
    elif as_json:
        describing.print_json(told)
    else:
        print_descriptions(told)
    if any(description.faults for _, description in told):
        raise typer.Exit(FOUND_WRONG)


@app.command()
def explain(
    code: Annotated[str, typer.Argument(help="39=51, A0, insufficient_funds; all lists them.")],
    as_json: JsonOption = False,
) -> None:
    """What a response code or a reason means."""
    import json

    from config import describe as describing

    rows = describing.all_codes() if code == "all" else describing.explained(code)
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        parts = (row.get(name, "") for name in ("reason", "english", "chinese", "category", "note"))
        typer.echo(f"{row['code']}  " + "  ".join(each for each in parts if each))
