"""`python -m recontact_pipelines` is the command `recontact`."""

import sys

from recontact_pipelines.cli import main

sys.exit(main())
