"""AWS Signature Version 4 for calls to an HTTP API that asks for IAM."""

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from requests import PreparedRequest
from requests.auth import AuthBase


class SigV4(AuthBase):
    """Signs a request for `execute-api` in `region` with the caller's AWS credentials."""

    def __init__(self, credentials: Credentials, region: str) -> None:
        self._credentials = credentials
        self._region = region

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        # Frozen anew for each request: temporary credentials are renewed in the background.
        frozen = self._credentials.get_frozen_credentials()
        # Only what is signed has to arrive unchanged; a proxy may well touch other headers.
        signed = AWSRequest(
            method=request.method,
            url=request.url,
            data=request.body,
            headers={"Content-Type": request.headers["Content-Type"]},
        )
        SigV4Auth(frozen, "execute-api", self._region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request
