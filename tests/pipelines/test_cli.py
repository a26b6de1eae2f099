"""The frame of the command: help pages, exit codes, and what a user sees of an error."""

import errno
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from recontact.errors import UserError
from recontact_pipelines import cli
from recontact_pipelines.cli import COMMANDS, main

HEAVY = ("duckdb", "lightgbm", "mlflow", "numba", "numpy", "pandas", "pyarrow", "sklearn")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch):
    """Let the command `monitor` raise what the test says."""

    def install(error: BaseException) -> None:
        def monitor() -> None:
            raise error

        monkeypatch.setattr("recontact_pipelines.commands.monitor.monitor", monitor)

    return install


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_every_command_has_a_help_page_with_an_example(name, capsys):
    """The help page of each command shows an example of that command."""
    assert main([name, "--help"]) == 0
    page = capsys.readouterr().out
    assert "Example" in page
    assert f"recontact {name}" in page.split("Example", 1)[1]
    assert "--json" in page
    assert "[default: (" not in page  # how Typer shows a default that is put in words


def test_every_command_file_is_listed():
    """No file in commands/ is forgotten by the frame, and none is listed twice."""
    import recontact_pipelines.commands as package

    files = {path.stem for folder in package.__path__ for path in Path(folder).glob("[!_]*.py")}
    listed = {where.split(":")[0] for _, where in COMMANDS}
    assert listed == files
    assert len({name for name, _ in COMMANDS}) == len(COMMANDS)


def shown_lines() -> list[str]:
    """Give the command lines in the pages, and those in the commands' own help."""
    root = Path(__file__).parents[2]
    pages = [root / "README.md", *root.glob("docs/**/*.md"), *root.glob("pipelines/**/*.py")]
    text = "\n".join(page.read_text() for page in pages).replace("\\\n", " ")
    found = re.findall(r"(?m)^ *\$? ?(recontact [a-z-]+(?: [^#\n]*)?)", text)
    return sorted({line.strip() for line in found})


@pytest.mark.parametrize("line", shown_lines())
def test_every_command_line_that_is_shown_is_one(line):
    """Each command line in the pages and help texts names a command and options that exist."""
    _, name, *rest = shlex.split(line)
    commands = typer.main.get_command(cli._app()).commands
    assert name in commands
    known = {option for param in commands[name].params for option in param.opts}
    assert {word.split("=")[0] for word in rest if word.startswith("--")} <= known


def test_no_arguments_show_the_help_page(capsys):
    """`recontact` alone lists the commands and exits with 0."""
    assert main([]) == 0
    page = capsys.readouterr().out
    assert all(name in page for name, _ in COMMANDS)


def test_version(capsys):
    """`recontact --version` prints the version of the installed package."""
    from importlib.metadata import version

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"recontact {version('recontact')}\n"


def test_the_help_page_imports_nothing_heavy():
    """`recontact --help` loads no numerical library, so it answers at once."""
    code = (
        "import sys; from recontact_pipelines.cli import main; main(['--help']);"
        f"print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr.strip() == "[]"


@pytest.mark.parametrize("args", [["no-such-command"], ["monitor", "--no-such-option"]])
def test_wrong_usage_exits_with_2(args, capsys):
    """An unknown command or option is a usage error."""
    assert main(args) == 2
    assert "Usage: recontact" in capsys.readouterr().err


def test_a_users_mistake_exits_with_1(failing, capsys):
    """A UserError prints what and the mend on standard error, and no traceback."""
    failing(UserError("a.csv: no column 'started_at'", mend="name it in a mapping file"))
    assert main(["monitor"]) == 1
    out, err = capsys.readouterr()
    assert err == "error: a.csv: no column 'started_at'\n  mend: name it in a mapping file\n"
    assert out == ""


def test_monitor_says_that_it_comes_later(capsys):
    """The one command that is not there yet says so and exits with 1."""
    assert main(["monitor"]) == 1
    assert "later" in capsys.readouterr().err


def test_a_fault_of_ours_exits_with_3_and_hides_its_traceback(failing, capsys, monkeypatch):
    """Any other exception is named in one line as a fault of ours."""
    monkeypatch.delenv("RECONTACT_DEBUG", raising=False)
    failing(ZeroDivisionError("division by zero"))
    assert main(["monitor"]) == 3
    err = capsys.readouterr().err
    assert err.startswith("fault: ZeroDivisionError: division by zero\n")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("args", "environment"),
    [(["--debug", "monitor"], ""), (["monitor", "--debug"], ""), (["monitor"], "1")],
)
def test_debug_shows_the_traceback(args, environment, failing, capsys, monkeypatch):
    """--debug before or after the command, or RECONTACT_DEBUG=1, shows the traceback."""
    failing(ZeroDivisionError("division by zero"))
    monkeypatch.setenv("RECONTACT_DEBUG", environment)
    assert main(args) == 3
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_ctrl_c_exits_with_130(failing, capsys):
    """Ctrl-C ends a command without a traceback."""
    failing(KeyboardInterrupt())
    assert main(["monitor"]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("module", "extra"),
    [("lightgbm", "train"), ("mlflow.tracking", "train"), ("fastapi", "serve")],
)
def test_a_missing_extra_is_named(module, extra, failing, capsys):
    """A module that belongs to an extra names the extra to install."""
    failing(ModuleNotFoundError(f"No module named {module!r}", name=module))
    assert main(["monitor"]) == 1
    assert f'pip install "recontact[{extra}]"' in capsys.readouterr().err


def test_a_module_of_our_own_that_is_missing_is_a_fault(failing):
    """Only modules of an extra are the user's to install."""
    failing(ModuleNotFoundError("No module named 'recontact.lost'", name="recontact.lost"))
    assert main(["monitor"]) == 3


def test_a_missing_libgomp_names_the_package(failing, capsys):
    """LightGBM's wheel needs the system's OpenMP library; the message names its package."""
    failing(OSError("libgomp.so.1: cannot open shared object file: No such file or directory"))
    assert main(["monitor"]) == 1
    assert "apt-get install libgomp1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "code",
    [errno.ENOENT, errno.EACCES, errno.EISDIR, errno.ENOSPC, errno.EROFS, errno.EADDRINUSE],
)
def test_what_the_machine_refuses_is_a_clear_message(code, failing, capsys):
    """A missing file, a full disk, a port in use and their like name the place and the mend."""
    import os

    failing(OSError(code, os.strerror(code), "some/place"))
    assert main(["monitor"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: some/place: ")
    assert "\n  mend: " in err


def test_the_console_script_returns_the_exit_code():
    """The installed command itself, not only main(), ends with the code."""
    script = Path(sys.executable).with_name("recontact")
    assert subprocess.run([script, "monitor"], capture_output=True, check=False).returncode == 1
    assert subprocess.run([script, "--version"], capture_output=True, check=False).returncode == 0


def test_json_has_no_nan_and_writes_instants_in_utc(capsys):
    """What is not a number is null, and an instant carries its zone."""
    from datetime import datetime

    import numpy as np

    from recontact_pipelines.output import emit

    result = {
        "rate": float("nan"),
        "rows": np.int64(3),
        "curve": np.array([0.5, np.inf]),
        "at": datetime(2026, 1, 2, 3),  # noqa: DTZ001 - one without a zone is UTC
        "path": Path("a/b"),
        "nested": {"list": [None, True, (1, "x")]},
    }
    emit(result, "words", as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "rate": None,
        "rows": 3,
        "curve": [0.5, None],
        "at": "2026-01-02T03:00:00+00:00",
        "path": "a/b",
        "nested": {"list": [None, True, [1, "x"]]},
    }


def test_progress_talks_on_standard_error_only(capsys, monkeypatch):
    """A long step says how far it is on standard error, and leaves the result alone."""
    from recontact_pipelines import output

    monkeypatch.setattr(output, "PLAIN_EVERY_S", 0)
    with output.progress("labels", total=4) as advance:
        advance(3)
    out, err = capsys.readouterr()
    assert out == ""
    assert "labels: 75%" in err
    assert "labels: done" in err


def test_progress_draws_a_bar_on_a_terminal(capsys, monkeypatch):
    """On a terminal the step is drawn as one bar that ends full."""
    from recontact_pipelines import output

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with output.progress("labels", total=2) as advance:
        advance()
    assert "labels" in capsys.readouterr().err
