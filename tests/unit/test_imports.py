"""Which package may import which: the library stands alone, the service knows no pipelines."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAY_NOT = {
    "src/recontact": {"recontact_pipelines", "recontact_serving"},
    "serving/recontact_serving": {"recontact_pipelines"},
    "notebooks": {"recontact_pipelines", "recontact_serving"},
}


def imported(source: str) -> set[str]:
    """Return the packages that a module names, be it in an import or as text for import_module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("folder", MAY_NOT)
def test_imports_go_one_way(folder):
    """No module of the folder imports a package that it may not know."""
    modules = sorted((ROOT / folder).rglob("*.py"))
    wrong = {str(path): imported(path.read_text()) & MAY_NOT[folder] for path in modules}
    assert not {path: names for path, names in wrong.items() if names}


@pytest.mark.parametrize(
    "planted",
    [
        "import recontact_serving",
        "import os, recontact_serving.app as app",
        "def f():\n    from recontact_serving.app import create",
        "import_module('recontact_serving.app')",
    ],
)
def test_a_planted_import_is_found(planted):
    """The check above sees an import in any of its forms, also inside a function."""
    assert imported(planted) & MAY_NOT["src/recontact"] == {"recontact_serving"}
