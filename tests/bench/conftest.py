"""Scripts that measure are no tests: importing one would run it."""

collect_ignore_glob = ["*"]
