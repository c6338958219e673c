"""An HTTP API reaches a function or a service only if it is allowed to.

AWS: an integration with ``credentials`` acts with that role; a Lambda integration without them needs a
permission on the function (the alias, where the integration names one) for ``apigateway.amazonaws.com`` and
the route. Where that is missing, the caller gets 500 and nothing more.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
The route's ARN is ``arn:aws:execute-api:<region>:<account>:<api>/<stage>/<METHOD>/<path>``.
https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html

MiniStack asks nobody. Here its ``_invoke_lambda_proxy``, through which `service_integrations` goes too, does.
"""

import json

from ministack.core.responses import get_account_id, get_region
from ministack.services import apigateway

from laptop_aws.apigateway import service_integrations
from laptop_aws.iam.service_roles import Call, Refused, by_policy, by_role

SERVICE = "apigateway.amazonaws.com"
DENIED = 500, {"Content-Type": "application/json"}, json.dumps({"message": "Internal Server Error"}).encode()


def install() -> None:
    invoke_lambda, call = apigateway._invoke_lambda_proxy, service_integrations.call

    async def invoke_if_allowed(integration, api_id, stage, path, method, *rest, **caller):
        source = f"arn:aws:execute-api:{get_region()}:{get_account_id()}:{api_id}/{stage}/{method}{path}"
        function = apigateway._extract_lambda_ref_from_integration_uri(integration.get("integrationUri", ""))
        role = integration.get("credentialsArn")
        try:
            if role and function:
                by_role(role, SERVICE, Call("lambda:InvokeFunction", function))
            elif function:
                by_policy(SERVICE, Call("lambda:InvokeFunction", function, source))
            return await invoke_lambda(integration, api_id, stage, path, method, *rest, **caller)
        except Refused:
            return DENIED

    def call_if_allowed(integration, parameters):
        subtype = service_integrations.SUBTYPES[integration["integrationSubtype"]]
        action, resource, keys = subtype.permission(parameters)
        by_role(integration.get("credentialsArn", ""), SERVICE, Call(action, resource, keys=keys))
        return call(integration, parameters)

    apigateway._invoke_lambda_proxy = invoke_if_allowed
    service_integrations.call = call_if_allowed
