"""LightGBM, imported with one clear message where it cannot run."""

import os
import platform
from importlib import metadata
from types import ModuleType

from recontact.errors import UserError


def lightgbm() -> ModuleType:
    """Import LightGBM.

    Raises
    ------
    UserError
        It is not installed, or the system lacks the OpenMP library that it needs.

    Examples
    --------
    >>> lightgbm().__name__
    'lightgbm'
    """
    # OpenMP reads this once, when it is loaded. Its threads else spin while they wait, which on
    # a machine with other work made training three times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import lightgbm as engine  # noqa: PLC0415 - labels and features work without it
    except ModuleNotFoundError as error:
        raise UserError(
            "models need LightGBM, which is not installed",
            mend="pip install 'recontact[train]'",
        ) from error
    except OSError as error:
        raise UserError(
            f"LightGBM cannot start: {error}",
            mend="install the OpenMP library (Debian and Ubuntu: apt-get install libgomp1)",
        ) from error
    module: ModuleType = engine
    return module


def versions() -> dict[str, str]:
    """Name what a model was made with.

    Examples
    --------
    >>> sorted(versions())
    ['lightgbm', 'python', 'recontact']
    """
    return {
        "recontact": metadata.version("recontact"),
        "lightgbm": str(lightgbm().__version__),
        "python": platform.python_version(),
    }
