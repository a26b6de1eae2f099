"""OpenID Connect: the authorization code flow with PKCE, and what an ID token must show.

All that is secret in one sign-in follows from 256 random bits in a cookie of the browser that
began it: state, nonce and code verifier. So nothing has to be kept here meanwhile, and whoever
comes back with another browser, or a second time, is refused.
"""

import hashlib
import importlib
import math
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import httpx

from recontact.errors import UserError
from recontact_serving.people.oidc_settings import OidcSettings, is_safe

KNOWN_S, TROUBLE_S = 600.0, 5.0  # how long what the provider says of itself is believed
TIME_LIMIT_S = 5.0
SKEW_S = 60  # clocks differ
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "Ed25519")
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
SCOPE = "openid profile email"
INSTALL = "pip install 'recontact[serve,oidc]'"


class SignInError(Exception):
    """Somebody is not signed in; `said` is for them, `why` for the log."""

    def __init__(self, said: str, why: str) -> None:
        super().__init__(why)
        self.said = said
        self.why = why


GONE = "The identity provider does not answer. Try again in a minute."
BAD = (
    "The identity provider's answer can't be used. Whoever runs this service finds why in its log."
)
OVER = "This sign-in is over or was begun in another browser. Begin again."


class Begun(NamedTuple):
    """One sign-in under way, all of it from one secret."""

    secret: str

    @classmethod
    def new(cls) -> "Begun":
        """Begin one."""
        return cls(secrets.token_urlsafe(32))

    @property
    def state(self) -> str:
        """What the provider gives back as it is."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """What the ID token has to name."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What shows, with the code, that the same one asks who began."""
        return self._derived("verifier")

    def _derived(self, what: str) -> str:
        digest = hashlib.sha256(f"recontact oidc {what} {self.secret}".encode()).digest()
        return urlsafe_b64encode(digest).decode().rstrip("=")


def check_installed() -> None:
    """Refuse to start where the libraries are missing.

    Raises
    ------
    UserError
        With what to install.
    """
    try:
        for name in ("authlib.oidc.core", "joserfc.jwt"):
            importlib.import_module(name)
    except ImportError as error:
        raise UserError("sign-in by OIDC needs authlib", mend=INSTALL) from error


class Provider:
    """An identity provider, as it describes itself at its issuer's address.

    Parameters
    ----------
    settings : OidcSettings
        Where it is, and how this service is known there.
    """

    def __init__(self, settings: OidcSettings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._known: Mapping[str, Any] | None = None
        self._asked_at = -math.inf

    def address(self, begun: Begun) -> str:
        """Give the page of the provider to which a browser is led."""
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415 - an extra

        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.redirect_uri,
            "scope": SCOPE,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": create_s256_code_challenge(begun.verifier),
            "code_challenge_method": "S256",
        }
        where = str(self._described()["authorization_endpoint"])
        return f"{where}{'&' if '?' in where else '?'}{urlencode(query)}"

    def claims(self, begun: Begun, code: str) -> Mapping[str, Any]:
        """Turn a code into what the provider says of the person.

        Raises
        ------
        SignInError
            The provider refuses the code, does not answer, or its token shows something else than
            that this person signed in there, just now, for this service, in this browser.
        """
        described = self._described()
        with self._client() as client:
            tokens = _document(self._exchange(client, described, begun, code))
            keys = _document(_ask(client, "GET", str(described["jwks_uri"])))
        return self._checked(tokens, keys, described, begun)

    def _exchange(
        self, client: httpx.Client, described: Mapping[str, Any], begun: Begun, code: str
    ) -> httpx.Response:
        settings = self.settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": settings.redirect_uri,
            "code_verifier": begun.verifier,
        }
        ways = described.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        where = str(described["token_endpoint"])
        if "client_secret_basic" in ways:  # RFC 6749 2.3.1: both are encoded first
            pair = (quote(settings.client_id, safe=""), quote(settings.client_secret, safe=""))
            return _ask(client, "POST", where, data=form, auth=pair)
        form |= {"client_id": settings.client_id, "client_secret": settings.client_secret}
        return _ask(client, "POST", where, data=form)

    def _checked(
        self,
        tokens: Mapping[str, Any],
        keys: Mapping[str, Any],
        described: Mapping[str, Any],
        begun: Begun,
    ) -> Mapping[str, Any]:
        from authlib.oidc.core import CodeIDToken  # noqa: PLC0415 - an extra
        from joserfc import jwt  # noqa: PLC0415
        from joserfc.errors import JoseError  # noqa: PLC0415
        from joserfc.jwk import KeySet  # noqa: PLC0415

        offered = described.get("id_token_signing_alg_values_supported", ["RS256"])
        client_id = self.settings.client_id
        options = {
            "iss": {"essential": True, "value": described["issuer"]},
            "aud": {"essential": True, "value": client_id},
        }
        params = {
            "nonce": begun.nonce,
            "client_id": client_id,
            "access_token": tokens.get("access_token"),
        }
        try:
            token = jwt.decode(
                str(tokens["id_token"]),
                KeySet.import_key_set(keys),  # type: ignore[arg-type]
                algorithms=[name for name in ALGORITHMS if name in offered],
            )
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(leeway=SKEW_S)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SignInError(BAD, f"the ID token: {_named(error)}") from error
        return dict(claims)

    def _described(self) -> Mapping[str, Any]:
        """Give the provider's description, read anew every ten minutes."""
        with self._lock:
            kept_s = TROUBLE_S if self._known is None else KNOWN_S
            if time.monotonic() - self._asked_at > kept_s:
                self._known, self._asked_at = None, time.monotonic()
                self._known = self._read()
            if self._known is None:
                raise SignInError(GONE, "the provider could not be read a moment ago")
            return self._known

    def _read(self) -> Mapping[str, Any]:
        where = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        with self._client() as client:
            found = _document(_ask(client, "GET", where))
        if found.get("issuer") != self.settings.issuer:
            raise SignInError(BAD, f"{where} is of another issuer than RECONTACT_OIDC_ISSUER")
        for name in ENDPOINTS:
            if not is_safe(str(found.get(name, ""))):
                raise SignInError(BAD, f"{where}: {name} is missing or not https")
        return found

    def _client(self) -> httpx.Client:
        return httpx.Client(timeout=TIME_LIMIT_S, headers={"Accept": "application/json"})


def _ask(client: httpx.Client, method: str, where: str, **options: Any) -> httpx.Response:
    try:
        return client.request(method, where, **options)
    except httpx.HTTPError as error:
        raise SignInError(GONE, f"{where}: {type(error).__name__}") from error


def _document(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    if answer.is_success and isinstance(found, dict):
        return found
    told = found.get("error", "") if isinstance(found, dict) else "no JSON"
    said = GONE if answer.is_server_error else OVER if told == "invalid_grant" else BAD
    raise SignInError(said, f"{answer.request.url.path}: {answer.status_code} {str(told)[:100]}")


def _named(error: Exception) -> str:
    """Name an error and the claim that it is about, nothing of the token."""
    claim = getattr(error, "claim", "")
    return f"{type(error).__name__} {claim}".rstrip()
