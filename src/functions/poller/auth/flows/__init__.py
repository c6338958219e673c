"""One class a kind of `auth`: its fields, what its secret has to be, and how a request carries it. None sends any."""

from poller.auth.flows.api_key import ApiKey
from poller.auth.flows.aws_sigv4 import AwsSigV4
from poller.auth.flows.bearer import Bearer
from poller.auth.flows.http_basic import HttpBasic
from poller.auth.flows.oauth2_client_credentials import OAuth2ClientCredentials
from poller.auth.flows.session_token import SessionToken

TokenAuth = OAuth2ClientCredentials | SessionToken
"""Those whose secret is exchanged for a token, which the requests carry."""
Auth = ApiKey | HttpBasic | Bearer | TokenAuth | AwsSigV4

AUTHS: dict[str, type[Auth]] = {
    cls.TYPE: cls for cls in (ApiKey, HttpBasic, Bearer, OAuth2ClientCredentials, SessionToken, AwsSigV4)
}
"""By the `type` that specs name them with."""

__all__ = [
    "AUTHS",
    "ApiKey",
    "Auth",
    "AwsSigV4",
    "Bearer",
    "HttpBasic",
    "OAuth2ClientCredentials",
    "SessionToken",
    "TokenAuth",
]
