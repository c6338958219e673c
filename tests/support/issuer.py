"""An OpenID Connect issuer on loopback: discovery, one RSA key, and tokens good and bad."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from tests.support.loopback import QuietHandler, listening

AUDIENCE = "poller"
KEY_ID = "key-1"


class Issuer:
    """Its keys are made anew each time and never leave the process, but for the public one."""

    def __init__(self) -> None:
        self.url = ""
        self._key = new_key()

    def documents(self) -> dict[str, Any]:
        """What it serves, by path."""
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID}
        key |= {"n": encoded(as_bytes(numbers.n)), "e": encoded(as_bytes(numbers.e))}
        return {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": [key]},
        }

    def token(self, key: RSAPrivateKey | None = None, algorithm: str = "RS256", **claims: Any) -> str:
        """A good token for ten minutes, but for what is given; `key` signs in place of the issuer's own."""
        now = int(time.time())
        header = {"alg": algorithm, "typ": "JWT", "kid": KEY_ID}
        payload = {"iss": self.url, "aud": AUDIENCE, "sub": "somebody", "iat": now - 1, "exp": now + 600, **claims}
        payload = {name: value for name, value in payload.items() if value is not None}
        signed = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(payload).encode())}"
        if algorithm == "none":
            return f"{signed}."
        signature = (key or self._key).sign(signed.encode(), PKCS1v15(), SHA256())
        return f"{signed}.{encoded(signature)}"


def new_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def as_bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def encoded(data: bytes) -> str:
    """Base64 for URLs, without its padding: RFC 7515, section 2."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


@contextmanager
def issuing() -> Iterator[Issuer]:
    issuer = Issuer()

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            document = issuer.documents().get(self.path)
            body = json.dumps(document).encode()
            self.send_response(404 if document is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with listening(Handler) as issuer.url:
        yield issuer
