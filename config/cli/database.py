"""`posswitch db`: the database's schema."""

import typer

from config.cli.options import (
    DataOption,
    JsonOption,
    SettingsOption,
    epilog,
)
from config.cli.telling import remark, settings_told
from config.homes import DATA
from config.language import tell

app = typer.Typer(no_args_is_help=True, help="The database.", epilog=epilog("posswitch db migrate"))


@app.command()
def migrate(
    data: DataOption = DATA, settings: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Bring the database's schema up to date. A second run changes nothing."""
    from config.as_json import print_json
    from config.run.database import dsn_of, opened_database
    from host.store.migrate import schema_version

    places, told = settings_told(data, settings)
    if not told.database.is_embedded:
        dsn_of("owner", told.database, places.cluster)  # nobody else may
    with opened_database(told.database, places, must_exist=True, say=remark):
        version = schema_version()
        if as_json:
            print_json({"schema_version": version})
        else:
            tell(f"schema version {version}")
