"""The frame of the command `recontact`: which commands there are, and how each may end.

Exit codes: 0 done, 1 the user's mistake, 2 usage, 3 a fault of ours, 130 stopped by Ctrl-C.
"""

import errno
import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module, metadata
from typing import Annotated

import typer

from recontact.errors import UserError
from recontact_pipelines.output import note

COMMANDS = (  # in the order of the help page; name, "file:function" in recontact_pipelines.commands
    ("demo", "demo:demo"),
    ("simulate", "simulate:simulate"),
    ("fetch", "fetch:fetch"),
    ("import", "import_:import_"),
    ("doctor", "doctor:doctor"),
    ("label", "label:label"),
    ("report", "report:report"),
    ("features", "features:features"),
    ("leak-check", "leak_check:leak_check"),
    ("train", "train:train"),
    ("backtest", "backtest:backtest"),
    ("tune", "tune:tune"),
    ("score", "score:score"),
    ("models", "models:models"),
    ("promote", "promote:promote"),
    ("rollback", "rollback:rollback"),
    ("serve", "serve:serve"),
    ("load", "load:load"),
    ("erase", "erase:erase"),
    ("replay", "replay:replay"),
    ("digest", "digest:digest"),
    ("keys", "keys:keys"),
    ("users", "users:users"),
    ("monitor", "monitor:monitor"),
)

EXTRAS = {  # what a missing module belongs to
    "lightgbm": "train",
    "matplotlib": "train",
    "mlflow": "train",
    "optuna": "train",
    "sklearn": "train",
    "alembic": "serve",
    "argon2": "serve",
    "fastapi": "serve",
    "httpx": "serve",
    "jinja2": "serve",
    "prometheus_client": "serve",
    "pydantic": "serve",
    "multipart": "serve",
    "orjson": "serve",
    "python_multipart": "serve",
    "sqlalchemy": "serve",
    "starlette": "serve",
    "structlog": "serve",
    "uvicorn": "serve",
    "pyspark": "spark",
    "psycopg": "postgres",
    "authlib": "oidc",
}

USERS_ERRNO = {  # what the machine refuses is the user's to mend
    errno.ENOSPC: "free some space, or write elsewhere",
    errno.EROFS: "write elsewhere: this place can't be written to",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.EADDRINUSE: "stop what uses the port, or choose another one with --port",
    errno.ENOENT: "check the path",
    errno.EACCES: "check who may read and write there",
    errno.EPERM: "check who may read and write there",
    errno.EISDIR: "name a file, not a folder",
    errno.ENOTDIR: "check the path: a part of it is a file",
    errno.EEXIST: "choose another name",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run `recontact` with the given arguments, by default those of the process.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name.

    Returns
    -------
    int
        The exit code.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in args or bool(os.environ.get("RECONTACT_DEBUG"))
    try:
        _app()([arg for arg in args if arg != "--debug"], prog_name="recontact")
    except SystemExit as end:  # how typer ends: 0, 2 for usage, 130 for Ctrl-C
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the last place: whatever it is gets a message
        return _failed(error, debug)
    return 0


def _app() -> typer.Typer:
    app = typer.Typer(
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,  # _failed says it
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True, help=_help(_options))(_options)
    for name, where in COMMANDS:
        file, function = where.split(":")
        command = getattr(import_module(f"recontact_pipelines.commands.{file}"), function)
        app.command(name, help=_help(command))(command)
    return app


def _help(function: Callable[..., None]) -> str:
    """Return the docstring with its indented examples fenced, for typer would join their lines."""
    return re.sub(r"(?m)((?:^ {4}.*\n?)+)", r"```text\n\1\n```\n", inspect.getdoc(function) or "")


def _options(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a fault's full traceback.")] = False,  # noqa: ARG001 - main() reads it, wherever it stands
) -> None:
    """Tell whether a customer will have to call again or the case escalate, and why.

    Example:

        recontact simulate --contacts 50000 --seed 1 --out centre
        recontact label centre/contacts.parquet --out centre/labels.parquet
        recontact train centre/contacts.parquet
    """
    if version:
        typer.echo(f"recontact {metadata.version('recontact')}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit


def _failed(error: Exception, debug: bool) -> int:
    known = users_mistake(error)
    if debug:
        traceback.print_exception(error)
    if known:
        note(f"error: {known}")
        return 1
    note(f"fault: {type(error).__name__}: {error}")
    note("  this is a fault of recontact, not of yours; --debug shows where it happened")
    return 3


def users_mistake(error: Exception) -> UserError | None:
    """Return what the user can mend about an error, or None where it is a fault of ours.

    Parameters
    ----------
    error : Exception
        What a command raised.

    Returns
    -------
    UserError or None

    Examples
    --------
    >>> print(users_mistake(ModuleNotFoundError("No module named 'mlflow'", name="mlflow")))
    this command needs mlflow, which is not installed
      mend: pip install "recontact[train]"
    """
    if isinstance(error, UserError):
        return error
    if isinstance(error, ModuleNotFoundError):
        return _missing_extra(error)
    if isinstance(error, OSError):
        return _refused(error)
    return None


def _missing_extra(error: ModuleNotFoundError) -> UserError | None:
    module = (error.name or "").split(".")[0]
    if module not in EXTRAS:
        return None
    return UserError(
        f"this command needs {module}, which is not installed",
        mend=f'pip install "recontact[{EXTRAS[module]}]"',
    )


def _refused(error: OSError) -> UserError | None:
    if "libgomp" in str(error):  # LightGBM's wheel leaves it to the system
        return UserError(
            "LightGBM needs the system library libgomp.so.1, which is not installed",
            mend="install it, on Debian and Ubuntu with `apt-get install libgomp1`",
        )
    mend = USERS_ERRNO.get(error.errno or 0)
    if mend is None:
        return None
    where = f"{error.filename}: " if error.filename else ""
    return UserError(f"{where}{(error.strerror or str(error)).lower()}", mend=mend)
