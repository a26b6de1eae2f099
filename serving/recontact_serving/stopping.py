"""A server that stops although browsers follow calls: their answers have no end of their own."""

import socket

import uvicorn
from fastapi import FastAPI

SECONDS = 10  # for requests that go on; a reader who is stuck is cut off after them


class Server(uvicorn.Server):
    """Ends whoever follows calls, then waits for what is still being answered.

    Parameters
    ----------
    app : FastAPI
        What `create_app` made.
    config : uvicorn.Config
        How it is served.
    """

    def __init__(self, app: FastAPI, config: uvicorn.Config) -> None:
        super().__init__(config)
        config.timeout_graceful_shutdown = SECONDS
        self._watching = app.state.call_watching

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        self._watching.close()
        await super().shutdown(sockets)
