"""A function's ``DeadLetterConfig`` in a template.

AWS: ``AWS::Lambda::Function`` takes ``DeadLetterConfig``, the queue or topic for asynchronous events that
failed for good.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-deadletterconfig.html

MiniStack knows it in the Lambda API and drops it in a template. Here it is kept with the function.
"""

from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

PROPERTY = "DeadLetterConfig"


def _apply(function: str, props) -> None:
    config = lambda_svc._functions[function]["config"]
    config.pop(PROPERTY, None)
    if PROPERTY in props:
        config[PROPERTY] = props[PROPERTY]


def install() -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    create, update = handlers["create"], handlers["update"]

    def create_function(logical_id, props, stack_name):
        name, attributes = create(logical_id, props, stack_name)
        _apply(name, props)
        return name, attributes

    def update_function(physical_id, old_props, new_props, *rest):
        name, attributes = update(physical_id, old_props, new_props, *rest)
        _apply(name, new_props)
        return name, attributes

    handlers |= {"create": create_function, "update": update_function}
