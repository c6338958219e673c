"""One class a kind of `auth`: its fields, what its secret has to be, and how a request carries it. None sends any."""

from poller.auth.flows.api_key import ApiKey
from poller.auth.flows.bearer import Bearer
from poller.auth.flows.http_basic import HttpBasic

Auth = ApiKey | HttpBasic | Bearer

AUTHS: dict[str, type[Auth]] = {cls.TYPE: cls for cls in (ApiKey, HttpBasic, Bearer)}
"""By the `type` that specs name them with."""

__all__ = ["AUTHS", "ApiKey", "Auth", "Bearer", "HttpBasic"]
