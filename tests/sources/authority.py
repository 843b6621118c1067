"""A small sign-in service on loopback: HTTPS with a certificate of its own, device code, refresh and certificate."""

import asyncio
import base64
import datetime
import hashlib
import html
import json
import re
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qsl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tests.sources.loopback import Asked, Reply, as_json, loopback
from tui.sources.credentials import Tenant

TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
REVOKED = "AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed."
PENDING: dict[str, object] = {"error": "authorization_pending", "error_description": "not yet"}


@dataclass
class Authority:
    """`polls` are answered in order before the device code is granted; `access` replaces the invented access token.

    `revoked` refuses every refresh token; `denied` is what a browser brings back instead of a code.
    """

    ca_file: Path
    url: str = ""
    tenant_id: str = TENANT
    polls: list[dict[str, object]] = field(default_factory=list)
    forever_pending: bool = False
    lifetime: int = 3600
    access: str = ""
    codes: int = 0
    revoked: bool = False
    denied: str = ""
    asked_in_browser: dict[str, str] = field(default_factory=dict)
    forms: list[dict[str, str]] = field(default_factory=list)
    tokens: int = 0

    @property
    def tenant(self) -> Tenant:
        return Tenant(self.tenant_id, CLIENT, authority=self.url, ca_file=str(self.ca_file))

    def grants(self, name: str) -> list[dict[str, str]]:
        return [form for form in self.forms if form.get("grant_type", "").endswith(name)]

    def answer(self, asked: Asked) -> Reply:
        if asked.path.endswith("/.well-known/openid-configuration"):
            oauth = f"{self.url}/{self.tenant_id}/oauth2/v2.0"
            return as_json(
                {
                    "issuer": f"{self.url}/{self.tenant_id}/v2.0",
                    "authorization_endpoint": f"{oauth}/authorize",
                    "token_endpoint": f"{oauth}/token",
                    "device_authorization_endpoint": f"{oauth}/devicecode",
                }
            )
        if asked.path.endswith("/authorize"):
            return self._page(asked.query)
        form = dict(parse_qsl(asked.body.decode()))
        self.forms.append(form)
        if asked.path.endswith("/devicecode"):
            self.codes += 1
            return as_json(
                {
                    "device_code": "invented",
                    "user_code": f"ABCD-{1233 + self.codes}",
                    "verification_uri": "https://sign-in.example/device",
                    "expires_in": 900,
                    "interval": 1,
                    "message": "never printed",
                }
            )
        if form["grant_type"].endswith("device_code") and (self.polls or self.forever_pending):
            return as_json(self.polls.pop(0) if self.polls else PENDING, 400)
        if form["grant_type"] == "refresh_token" and self.revoked:
            return as_json({"error": "invalid_grant", "error_description": REVOKED}, 400)
        if form["grant_type"] == "authorization_code":
            self._check_proof(form)
        return as_json(self._token(form))

    def _page(self, asked: dict[str, str]) -> Reply:
        """The page that a browser posts on by itself (OAuth 2.0 Form Post Response Mode)."""
        self.asked_in_browser = asked
        outcome = (
            {"error": "access_denied", "error_description": self.denied} if self.denied else {"code": "from-browser"}
        )
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
            for name, value in {**outcome, "state": asked["state"]}.items()
        )
        page = f'<form method="post" action="{asked["redirect_uri"]}">{fields}</form>'
        return Reply(200, page.encode(), {"content-type": "text/html"})

    def _check_proof(self, form: dict[str, str]) -> None:
        """The code is redeemed by whoever asked for it (RFC 7636, S256)."""
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.asked_in_browser["code_challenge"]
        assert form["code"] == "from-browser"

    def _token(self, form: dict[str, str]) -> dict[str, object]:
        self.tokens += 1
        found: dict[str, object] = {
            "token_type": "Bearer",
            "scope": form.get("scope", ""),
            "expires_in": self.lifetime,
            "access_token": self.access or f"access-{self.tokens}",
        }
        if form["grant_type"] == "client_credentials":
            return found
        claims = {
            "iss": f"{self.url}/{self.tenant_id}/v2.0",
            "aud": CLIENT,
            "sub": "s",
            "tid": self.tenant_id,
            "preferred_username": "oncall@b.example",
            "exp": int(time.time()) + 3600,
            "iat": int(time.time()),
        }
        if form["grant_type"] == "authorization_code":
            claims["nonce"] = self.asked_in_browser["nonce"]
        return found | {
            "refresh_token": f"refresh-{self.tokens}",
            "id_token": f"{_part({'alg': 'none'})}.{_part(claims)}.",
            "client_info": _part({"uid": "u", "utid": self.tenant_id}),
        }


@asynccontextmanager
async def authority(directory: Path) -> AsyncIterator[Authority]:
    certificate = directory / "authority.pem"
    certificate.write_bytes(self_signed(ec.generate_private_key(ec.SECP256R1())))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    running = Authority(certificate)
    async with loopback(running.answer, context) as server:
        running.url = server.url
        yield running


def device_code_config(config: str, service: Authority) -> str:
    """A demo tenant's config, with a device code instead of a token at hand."""
    found = re.sub(
        r'tenant_id = ".*"\nclient_id = ".*"', f'tenant_id = "{service.tenant_id}"\nclient_id = "{CLIENT}"', config
    )
    method = f'method = "device-code"\nauthority = "{service.url}"\nauthority_ca_file = "{service.ca_file}"'
    return re.sub(r'method = "token-env"\ntoken_file = .*', method, found)


@contextmanager
def authority_beside(directory: Path) -> Iterator[Authority]:
    """The service in a thread of its own, for tests without an event loop."""
    started = threading.Event()
    running: list[tuple[Authority, asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        async with authority(directory) as service:
            ended = asyncio.Event()
            running.append((service, asyncio.get_running_loop(), ended))
            started.set()
            # Not a thread of asyncio's: they do not bear a fork beside them, as a pseudo-terminal begins with.
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="authority", daemon=True)
    thread.start()
    assert started.wait(20), "the sign-in service did not start"
    [(service, loop, ended)] = running
    try:
        yield service
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(20)


def self_signed(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    """Key and certificate in one PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "invented")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + made.public_bytes(serialization.Encoding.PEM)


def _part(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
