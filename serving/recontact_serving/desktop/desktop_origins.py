"""Which pages of other origins may read calls: those that are listed, and nobody else."""

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CALLS = ("/v1/calls/", "/v1/agents/")
SCRIPTS = ("/static/recontact-panel.js", "/static/panel/")
LET_IN = {
    "Access-Control-Allow-Methods": "GET, PUT",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID",
    "Access-Control-Max-Age": "600",
}


class Origins:
    """Answers browsers that ask whether a page of another origin may read (CORS).

    No credentials are ever shared: a page brings its own token. Of the API only calls can be
    read this way.

    Parameters
    ----------
    app : callable
        What answers.
    origins : collection of str
        Those that are listed.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self.app = app
        self.origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith((*CALLS, *SCRIPTS)):
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        listed = origin in self.origins

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                found.add_vary_header("Origin")
                if listed:
                    found["Access-Control-Allow-Origin"] = str(origin)
            await send(message)

        if listed and scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            return await Response(status_code=204, headers=LET_IN)(scope, receive, sent)
        return await self.app(scope, receive, sent)
