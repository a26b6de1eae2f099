"""What the operator's monitoring reads at `/metrics`: requests, time by stage, scores by band."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The counters of one service, apart from those of any other in the same process.

    Examples
    --------
    >>> metrics = Metrics()
    >>> with metrics.stage("history"):
    ...     pass
    >>> b'recontact_stage_seconds_count{stage="history"} 1.0' in metrics.page()
    True
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._parts: dict[tuple[Any, ...], Any] = {}
        self._requests = Counter(
            "recontact_requests",
            "Requests answered",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._latency = Histogram(
            "recontact_request_seconds",
            "Time to answer",
            ["method", "route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._stages = Histogram(
            "recontact_stage_seconds",
            "Time of a score by stage",
            ["stage"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._scores = Counter(
            "recontact_scores",
            "Scores given",
            ["moment", "outcome", "band"],
            registry=self.registry,
        )
        self._degraded = Counter(
            "recontact_degraded",
            "Scores given although something was missing",
            ["missing"],
            registry=self.registry,
        )
        self._contacts = Counter(
            "recontact_contacts", "Contacts received", ["result"], registry=self.registry
        )
        self._refused = Counter(
            "recontact_refused", "Requests refused at the gate", ["why"], registry=self.registry
        )
        self._dropped = Counter(
            "recontact_scores_not_kept",
            "Scores given that the database did not take in time and memory had no room for",
            registry=self.registry,
        )
        self._models = Gauge(
            "recontact_model", "Models in use", ["name", "version"], registry=self.registry
        )
        self._models_refused = Gauge(
            "recontact_models_refused", "Models that were refused", registry=self.registry
        )
        self._rates_age = Gauge(
            "recontact_rates_age_seconds", "Since the rates were learnt", registry=self.registry
        )
        self._drift = Gauge(
            "recontact_input_drift",
            "Population stability index of the scores of 24 hours against the training",
            ["moment", "feature"],
            registry=self.registry,
        )

    def _of(self, metric: Any, *labels: str) -> Any:
        """Give a metric's part of some labels; to look it up there takes longer than to count."""
        key = (metric, *labels)
        found = self._parts.get(key)
        if found is None:
            found = self._parts[key] = metric.labels(*labels)
        return found

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage of a score."""
        began = time.perf_counter()
        yield
        self._of(self._stages, name).observe(time.perf_counter() - began)

    def dropped(self, scores: int) -> None:
        """Count scores that are not kept."""
        self._dropped.inc(scores)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._of(self._requests, method, route, str(status)).inc()
        self._of(self._latency, method, route).observe(seconds)

    def score(self, answer: Mapping[str, Any]) -> None:
        """Count one score by its bands."""
        for outcome in ("repeated", "escalation"):
            self._of(self._scores, answer["moment"], outcome, answer[outcome]["band"]).inc()
        for missing in answer["degraded"]:
            self._of(self._degraded, missing.split(":")[0]).inc()

    def contacts(self, **counts: int) -> None:
        """Count received contacts by what became of them."""
        for result, count in counts.items():
            self._contacts.labels(result).inc(count)

    def refused(self, why: str) -> None:
        """Count one request that was not let in."""
        self._refused.labels(why).inc()

    def models(self, versions: Mapping[str, str]) -> None:
        """Say which models are in use."""
        self._models.clear()
        for name, version in versions.items():
            self._models.labels(name, version).set(1)

    def models_refused(self, count: int) -> None:
        """Say how many models this machine has refused so far."""
        self._models_refused.set(count)

    def rates_age(self, seconds: float) -> None:
        """Say how old the rates are."""
        self._rates_age.set(seconds)

    def drift(self, found: Mapping[str, Mapping[str, float]]) -> None:
        """Say how far each feature has moved, by moment."""
        self._drift.clear()
        for moment, features in found.items():
            for feature, index in features.items():
                self._drift.labels(moment, feature).set(index)

    def page(self) -> bytes:
        """Write all of it in the text form that Prometheus reads."""
        return generate_latest(self.registry)
