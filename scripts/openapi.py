"""Write the description of the service that the examples and the tests of the client read.

Where npm is there, the types of the TypeScript example are made from it again.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from recontact_serving.app import create_app
from recontact_serving.settings import Settings

EXAMPLE = Path(__file__).parents[1] / "examples" / "typescript"


def document() -> str:
    """Give the OpenAPI document as it is checked in."""
    app = create_app(Settings(database_url="sqlite://", auth=False))
    text = json.dumps(app.openapi(), indent=1, sort_keys=True, ensure_ascii=False)
    app.state.service.database.close()
    return text + "\n"


if __name__ == "__main__":
    (EXAMPLE / "openapi.json").write_text(document())
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("openapi.json is written; for schema.d.ts install npm and run this again")
    for words in (["install", "--no-audit", "--no-fund"], ["run", "types"], ["run", "check"]):
        subprocess.run([npm, *words], cwd=EXAMPLE, check=True)  # noqa: S603 - our own commands
