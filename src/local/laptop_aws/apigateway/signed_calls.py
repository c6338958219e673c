"""A route with IAM authorization serves signed calls only.

AWS: the client signs with Signature Version 4 and its credentials, and needs ``execute-api:Invoke`` for the route;
every other call gets 403 and ``{"message":"Forbidden"}``, also one that brings a token.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html

MiniStack checks signature and permission of a call that is signed, and refuses one without ``Authorization``; what
else stands in that header, it lets through. Here it does not.
"""

from ministack.services import apigateway

FORBIDDEN = 403, {"Content-Type": "application/json"}, b'{"message":"Forbidden"}'


def install() -> None:
    execute = apigateway._handle_execute_in_scope

    async def execute_if_signed(api_id, stage, path, method, headers, *request):
        # Without the header, the query may be signed; MiniStack sees to that.
        brought = headers.get("authorization", "")
        foreign = bool(brought) and not brought.startswith("AWS4-")
        if foreign and apigateway.route_authorization_type(api_id, stage, method, path) == "AWS_IAM":
            return FORBIDDEN
        return await execute(api_id, stage, path, method, headers, *request)

    apigateway._handle_execute_in_scope = execute_if_signed
