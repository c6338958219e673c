"""An HTTP API says nothing about why its function failed.

AWS: whatever the function's error, the caller gets 500 and ``{"message":"Internal Server Error"}``; the
reason is in the logs. (A REST API says 502; an HTTP API that cannot read the function's answer says 500.)
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html

MiniStack answers 502 with the error's payload, stack trace included. Here the translation of a function's
result into an API's answer is wrapped; a throttled invocation stays 429.
"""

from ministack.services import lambda_svc


def install() -> None:
    translate = lambda_svc.lambda_execute_result_to_api_proxy_response

    def translate_discreetly(result):
        if result.get("error") and not result.get("throttle"):
            return {"statusCode": 500, "body": '{"message":"Internal Server Error"}'}, None
        return translate(result)

    lambda_svc.lambda_execute_result_to_api_proxy_response = translate_discreetly
