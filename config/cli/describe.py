"""`posswitch describe` and `posswitch explain`: messages and codes in words."""

from pathlib import Path
from typing import Annotated

import typer

from config.cli.complete import codes
from config.cli.options import JsonOption
from config.language import tell

app = typer.Typer()

DialectOption = Annotated[
    str | None, typer.Option(help="Whose message it is; found out without it.", metavar="NAME")
]
LengthOption = Annotated[
    str | None,
    typer.Option(help="How a frame's length is written: be2, be2-inclusive, ascii4, none."),
]


@app.command()
def openapi() -> None:
    """Print the JSON API as OpenAPI 3.1: every action that a program may do, and every view.

    What one client may do and see is at /v1/openapi.json of the web front, by its key.
    """
    import json

    from config.tasks.openapi import whole_document

    typer.echo(json.dumps(whole_document(), ensure_ascii=False, indent=1))


@app.command()
def describe(  # noqa: PLR0913, PLR0917 - a command line has an option for each thing
    message: Annotated[
        str, typer.Argument(help="Hexadecimal, base64, a dump, a file, a pcap, or - for stdin.")
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
    preamble: Annotated[
        int | None, typer.Option("--preamble-bytes", min=0, max=256, help="Of a gateway.")
    ] = None,
    tpdu: Annotated[
        int | None, typer.Option("--tpdu-bytes", min=0, max=5, help="0: there is no TPDU.")
    ] = None,
    header: Annotated[
        int | None, typer.Option("--header-bytes", min=0, max=64, help="0: there is no header.")
    ] = None,
) -> None:
    """Take a message apart: every field, what it means, what is wrong. Secrets stay covered.

    Dumps of xxd, hexdump, od, tcpdump and Wireshark, arrays, string literals and logs of jPOS are
    read too. What stands before the message type is found out where it is not said.

    Exit status 1: something is wrong with a message, or with --diff the two differ.
    """
    import json

    from config.errors import FOUND_WRONG, SettingsError
    from config.tasks import describe as describing
    from config.tasks.message_lines import print_descriptions, print_difference
    from terminals.describe.heads import Asked

    asked = Asked(preamble=preamble, tpdu=tpdu, header=header)
    told = describing.described(message, dialect, length, asked)
    if diff is not None:
        other = describing.described(diff, dialect, length, asked)
        if len(told) != 1 or len(other) != 1:
            raise SettingsError(
                "--diff compares one message with one. Next: give one each", "E-COMMAND-LINE"
            )
        rows = describing.difference(told[0][1], other[0][1])
        if as_json:
            typer.echo(json.dumps(rows, ensure_ascii=False))
        else:
            print_difference(rows)
        raise typer.Exit(FOUND_WRONG if rows else 0)
    if html is not None:
        describing.write_page(told, html)
        tell(f"written to {html}")
    elif as_json:
        describing.print_json(told)
    else:
        print_descriptions(told)
    if not all(description.is_well for _, description in told):
        raise typer.Exit(FOUND_WRONG)


@app.command()
def explain(
    code: Annotated[
        str,
        typer.Argument(
            metavar="CODE",
            help="39=51, A0, E-PORT, a word of the logs; all lists them.",
            autocompletion=codes,
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """What a code or a word of the logs means, and what to do next."""
    import json
    import shutil

    from config.tasks import explain as explaining

    rows = explaining.everything() if code == "all" else explaining.explained(code)
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
    elif code == "all":
        for row in rows:
            typer.echo(explaining.brief(row))
    else:
        for row in rows:
            for line in explaining.lines_of(row, shutil.get_terminal_size().columns):
                typer.echo(line)
