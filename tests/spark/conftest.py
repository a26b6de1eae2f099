"""One Spark for all tests here, on two cores of this machine, that also serves Spark Connect."""

import socket
from contextlib import ExitStack

import pytest

QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # no long runs here to compile for


@pytest.fixture(scope="session")
def connect_port():
    """A port that is free: Spark Connect listens there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="session")
def spark(connect_port):
    """The session, started as the command starts it."""
    from recontact.spark.session import session

    conf = {
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.port": connect_port,
        "spark.connect.grpc.binding.address": "127.0.0.1",
    }
    told = " ".join(f"--conf {name}={value}" for name, value in conf.items())
    with ExitStack() as running:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("RECONTACT_SPARK", "local[2]")
            environment.setenv("PYSPARK_SUBMIT_ARGS", f"{told} pyspark-shell")
            environment.setenv("JAVA_TOOL_OPTIONS", QUICK_START)
            started = running.enter_context(session())
        yield started
