"""HTTP: requests and answers, errors, limits, log lines, metrics."""
