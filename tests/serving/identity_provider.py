"""An OpenID provider on this machine; it does as the specification says until told otherwise."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from recontact_serving.people.oidc_settings import Mapped, OidcSettings

CLIENT, SECRET = "recontact", "a secret: with % signs"
OWN = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"}, private=True)
STRANGER = RSAKey.generate_key(2048, {"kid": "k1"}, private=True)


@dataclass
class Provider:
    """What the provider knows, and how it goes wrong."""

    issuer: str
    claims: dict[str, Any] = field(default_factory=dict)  # of who signs in next
    changed: dict[str, Any] = field(default_factory=dict)  # what its tokens say otherwise
    key: RSAKey = field(default_factory=lambda: OWN)
    unsigned: bool = False
    fails: int = 0  # a status with which everything is answered
    methods: tuple[str, ...] = ("client_secret_basic",)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def description(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "none"],
            "token_endpoint_auth_methods_supported": list(self.methods),
        }

    def consent(self, query: dict[str, str]) -> str:
        """Let the person in; give the address that the browser is led to."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def tokens(self, form: dict[str, str]) -> dict[str, Any] | None:
        """Give tokens for a code, once; None for one that is not good."""
        query = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            query is None
            or challenge != query["code_challenge"]
            or form["redirect_uri"] != query["redirect_uri"]
        ):
            return None
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "s-1",
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            "nonce": query["nonce"],
            **self.claims,
            **self.changed,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return {"access_token": "a", "token_type": "Bearer", "id_token": self._signed(claims)}

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.unsigned:
            parts = ({"alg": "none"}, claims)
            texts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts]
            return b".".join(text.rstrip(b"=") for text in texts).decode() + "."
        return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.key)

    def is_client(self, header: str | None, form: dict[str, str]) -> bool:
        if "client_secret_post" in self.methods:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        kind, _, pair = (header or "").partition(" ")
        name, _, secret = base64.b64decode(pair).decode().partition(":")
        given = parse_qs(f"name={name}&secret={secret}")
        return kind == "Basic" and given == {"name": [CLIENT], "secret": [SECRET]}


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        provider, parts = self._provider(), urlsplit(self.path)
        if parts.path == "/.well-known/openid-configuration":
            self._send(200, provider.description())
        elif parts.path == "/keys":
            self._send(200, {"keys": [OWN.as_dict(private=False)]})
        else:
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self._send(303, {}, provider.consent(query))

    def do_POST(self) -> None:
        provider = self._provider()
        text = self.rfile.read(int(self.headers["content-length"])).decode()
        form = {name: values[0] for name, values in parse_qs(text).items()}
        if not provider.is_client(self.headers["authorization"], form):
            self._send(401, {"error": "invalid_client"})
            return
        tokens = provider.tokens(form)
        self._send(200 if tokens else 400, tokens or {"error": "invalid_grant"})

    def _provider(self) -> Provider:
        provider: Provider = self.server.provider  # type: ignore[attr-defined]
        provider.asked.append(urlsplit(self.path).path)
        return provider

    def _send(self, status: int, document: dict[str, Any], location: str = "") -> None:
        body = json.dumps(document).encode()
        self.send_response(self.server.provider.fails or status)  # type: ignore[attr-defined]
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def running(claims: Mapping[str, Any]) -> Iterator[Provider]:
    """Run a provider on a free port, and somebody who signs in."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        provider = Provider(f"http://127.0.0.1:{server.server_port}", dict(claims))
        server.provider = provider  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()


def settings_of(provider: Provider, roles: str) -> OidcSettings:
    """Settings of a service that leads to a provider; whose address, `leads_back` tells it."""
    return OidcSettings(provider.issuer, CLIENT, SECRET, "http://127.0.0.1:1", Mapped.parse(roles))


def leads_back(settings: OidcSettings, address: str) -> None:
    """Tell a service its own address, which is not known before it runs."""
    object.__setattr__(settings, "public_url", address)
