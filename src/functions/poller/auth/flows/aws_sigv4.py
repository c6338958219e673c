"""`aws_sigv4`: a request signed with an AWS access key, as IAM asks for it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from poller.auth.fields import aws_name, secret_name
from poller.auth.place import AUTHORIZATION, Place
from poller.auth.secret import Secret
from poller.readers import Reader
from poller.values import PageRequest


@dataclass(frozen=True, slots=True)
class AwsSigV4:
    """The secret holds `access_key_id` and `secret_access_key`; `session_token` too, where the key is for a time only.

    `service` is its name in signatures, such as `execute-api`.
    """

    secret: str
    service: str
    region: str

    TYPE: ClassVar = "aws_sigv4"
    READERS: ClassVar[dict[str, Reader]] = {"secret": secret_name, "service": aws_name, "region": aws_name}

    @property
    def place(self) -> Place:
        return AUTHORIZATION

    def sign(self, request: PageRequest, secret: Secret) -> PageRequest:
        # Here, because whoever only reads a spec, as the command line does, need not wait for botocore.
        from botocore.auth import S3SigV4Auth, SigV4Auth  # noqa: PLC0415
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.credentials import Credentials  # noqa: PLC0415

        key_id, key = secret.texts("access_key_id", "secret_access_key")
        credentials = Credentials(key_id, key, secret.fields().get("session_token"))
        parts = urlsplit(request.url)
        # The query apart from the URL, or botocore would sign it as it is written, and AWS checks it as it writes it.
        query = parse_qsl(parts.query, keep_blank_values=True)
        url = urlunsplit(parts._replace(query=""))
        # Its types know of one value a name only.
        signed = AWSRequest(request.method, url, dict(request.headers), request.body, query)  # type: ignore[arg-type]
        signer = S3SigV4Auth if self.service == "s3" else SigV4Auth
        signer(credentials, self.service, self.region).add_auth(signed)
        return replace(request, headers=dict(signed.headers.items()))
