"""Command line of the house. Every verb: exit 0 done, 1 failed, 2 misuse."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from hydradesk import __version__
from hydradesk.app.settings import Settings
from hydradesk.kernel.errors import DeskError, Unavailable

FAILED, MISUSE = 1, 2
USAGE: type[typer.BadParameter] = typer.BadParameter.__mro__[2]
"""Every misuse that typer finds; it brings a click of its own, which has no public name."""

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
candles = typer.Typer(no_args_is_help=True, help="Import, inspect and export candles.")
cli.add_typer(candles, name="candles")
users = typer.Typer(no_args_is_help=True, help="Make and list people.")
cli.add_typer(users, name="users")
audit = typer.Typer(no_args_is_help=True, help="Prove the audit trail.")
cli.add_typer(audit, name="audit")
keys = typer.Typer(no_args_is_help=True, help="Make API keys, change the keys that seal and sign.")
cli.add_typer(keys, name="keys")

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Where the desk keeps its data.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@cli.callback(invoke_without_command=True)
def hydradesk(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Run and look after one trading desk."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


@cli.command()
def run(  # noqa: PLR0913  (one option each)
    roles: Annotated[list[str] | None, typer.Argument(help="Roles; none means all.")] = None,
    *,
    host: Annotated[str | None, typer.Option(help="Address to serve on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to serve on.")] = None,
    feed: Annotated[str | None, typer.Option(help="auto, ccxt, replay or simulated.")] = None,
    recordings: Annotated[Path | None, typer.Option(help="Candle files to replay.")] = None,
    start: Annotated[str | None, typer.Option(help="Where a new replay begins.")] = None,
    speed: Annotated[float | None, typer.Option(help="Replayed minutes a minute.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the simulated market.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="No sign-in; on loopback only.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Run the desk: everything in one process, or only the roles named."""
    from hydradesk.app import verbs

    settings = read_settings(
        roles=frozenset(roles) if roles else None,
        host=host,
        port=port,
        feed=feed,
        recordings=recordings,
        replay_start=start,
        speed=speed,
        seed=seed,
        demo=demo or None,
        data_dir=data_dir,
    )
    verbs.run(settings)


@cli.command()
def doctor(data_dir: DataDir = None, json: Json = False) -> None:
    """Check database, disk, feed, clock, loop and ports in one table."""
    from hydradesk.app import verbs

    if not verbs.doctor(read_settings(data_dir=data_dir), json):
        raise typer.Exit(FAILED)


@cli.command()
def halt(
    reason: Annotated[str, typer.Argument(help="Why.")] = "stopped by hand",
    data_dir: DataDir = None,
) -> None:
    """Refuse every order but reductions, at once and until resumed."""
    from hydradesk.app import verbs

    verbs.set_halt(read_settings(data_dir=data_dir), reason)
    typer.echo(f"halted: {reason}")


@cli.command()
def resume(data_dir: DataDir = None) -> None:
    """Trade again after a halt."""
    from hydradesk.app import verbs

    verbs.set_halt(read_settings(data_dir=data_dir), None)
    typer.echo("trading resumed")


@cli.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write.")], data_dir: DataDir = None
) -> None:
    """Write the whole database to one file, while the desk runs."""
    from hydradesk.app import verbs

    size = verbs.backup(read_settings(data_dir=data_dir), file)
    typer.echo(f"{file}: {size / 1e6:.1f} MB")


@cli.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")], data_dir: DataDir = None
) -> None:
    """Replace the database by a backup; the desk must not run."""
    from hydradesk.app import verbs

    verbs.restore(read_settings(data_dir=data_dir), file)
    typer.echo(f"restored from {file}")


@candles.command("import")
def import_candles(
    file: Annotated[Path, typer.Argument(help="A parquet or CSV file.")],
    symbol: Annotated[str | None, typer.Option(help="Whose candles; else from the file.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="1m … 1d; else from the file.")] = None,
    replace: Annotated[bool, typer.Option(help="Overwrite stored bars that differ.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Load a candle file, whole or not at all; minutes also become longer bars."""
    from hydradesk.app.candles import bring_in

    settings = read_settings(data_dir=data_dir)
    bring_in(settings, file, symbol, timeframe, replace=replace, as_json=json)


@candles.command("status")
def candles_status(data_dir: DataDir = None, json: Json = False) -> None:
    """Print rows, range and gaps for each symbol and timeframe."""
    from hydradesk.app.candles import show

    show(read_settings(data_dir=data_dir), json)


@candles.command("export")
def export_candles(
    file: Annotated[Path, typer.Argument(help="A .csv or .parquet file to write.")],
    symbol: Annotated[str, typer.Option(help="Whose candles.")] = "ETH-USDT",
    timeframe: Annotated[str, typer.Option(help="1m, 5m, 15m, 1h, 4h or 1d.")] = "1m",
    start: Annotated[str | None, typer.Option("--from", help="First open time.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="First open time not written.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Write stored candles to a file."""
    from hydradesk.app.candles import send_out

    send_out(read_settings(data_dir=data_dir), file, symbol, timeframe, (start, end))


@audit.command("verify")
def verify_audit(
    noted: Annotated[
        str | None, typer.Option("--anchor", help="NUMBER:HASH you noted; it must stand yet.")
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Prove every chain of the audit trail and the anchors; name the first broken row."""
    from hydradesk.app.trail import verify

    if not verify(read_settings(data_dir=data_dir), noted, as_json=json):
        raise typer.Exit(FAILED)


@users.command("create")
def create_user(
    email: Annotated[str, typer.Option(help="Their e-mail address.")],
    name: Annotated[str | None, typer.Option(help="What to call them.")] = None,
    admin: Annotated[bool, typer.Option("--admin", help="Make an administrator.")] = False,
    one_time: Annotated[
        bool, typer.Option("--one-time", help="Print a link that works once, instead.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Make a person; the password is asked for, or read from standard input."""
    from hydradesk.app.users import create

    settings = read_settings(data_dir=data_dir)
    create(settings, email, name, admin=admin, one_time=one_time)


@users.command("list")
def list_users(data_dir: DataDir = None, json: Json = False) -> None:
    """Print everybody: id, role, status, address, name."""
    from hydradesk.app.users import show

    show(read_settings(data_dir=data_dir), json)


@keys.command("create")
def create_key(  # noqa: PLR0913  (one option each)
    person: Annotated[str, typer.Argument(help="Whose: a person's id or e-mail address.")],
    *,
    name: Annotated[str, typer.Option(help="What to call it.")] = "command line",
    kind: Annotated[str, typer.Option(help="bearer, hmac or ed25519.")] = "bearer",
    kinds: Annotated[str, typer.Option("--for", help="read, trade, withdraw, admin.")] = "read",
    public_key: Annotated[str | None, typer.Option(help="With ed25519: PEM or base64.")] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Make an API key for a person and show its secret, this once."""
    from hydradesk.app.key_verbs import Asked, create

    asked = Asked(person=person, name=name, kind=kind, kinds=kinds, public_key=public_key)
    create(read_settings(data_dir=data_dir), asked, as_json=json)


@keys.command("rotate")
def rotate_keys(
    data_key: Annotated[bool, typer.Option("--data-key", help="And begin a new data key.")] = False,
    signing: Annotated[bool, typer.Option("--signing", help="Access tokens' key instead.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Change the key that wraps all sealing keys, while the desk runs."""
    from hydradesk.app.key_verbs import rotate

    rotate(read_settings(data_dir=data_dir), data_key=data_key, signing=signing, as_json=json)


def read_settings(**given: Any) -> Settings:
    """Environment first, then what the command line says; misuse names the setting."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        one = error.errors()[0]
        name = ".".join(str(part) for part in one["loc"]) or "settings"
        option = f"--{name.replace('_', '-')} (HYDRADESK_{name.upper()})"
        raise typer.BadParameter(f"{option}: {one['msg'].removeprefix('Value error, ')}") from error


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb; every error is one line on stderr."""
    try:
        code = cli(args=arguments, standalone_mode=False)
    except USAGE as error:
        _say(error.format_message())
        sys.exit(MISUSE)
    except typer.Abort:
        sys.exit(130)
    except DeskError as error:
        _say(f"{error}{f' ({error.fix})' if error.fix else ''}")
        sys.exit(FAILED if isinstance(error, Unavailable) else MISUSE)
    if isinstance(code, int):  # what typer.Exit said
        sys.exit(code)


def _say(text: str) -> None:
    line = " ".join(text.split())
    typer.echo(f"hydradesk: {line}", err=True)
