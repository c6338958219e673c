"""A Number parameter that a template hands to a function's concurrency.

AWS: parameters are text, and CloudFormation makes numbers of them where a property is one.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html

MiniStack keeps the text of an event source mapping's ``ScalingConfig`` and then compares it with numbers:
its poller fails at every look, and no message is ever delivered. Here the text becomes a number first.
"""

from ministack.services.cloudformation import provisioners


def _numbers(props):
    scaling = props.get("ScalingConfig")
    if not scaling:
        return props
    return {**props, "ScalingConfig": {name: int(value) for name, value in scaling.items()}}


def install() -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    create, update = handlers["create"], handlers["update"]

    def create_mapping(logical_id, props, stack_name):
        return create(logical_id, _numbers(props), stack_name)

    def update_mapping(physical_id, old_props, new_props, *rest):
        return update(physical_id, _numbers(old_props), _numbers(new_props), *rest)

    handlers |= {"create": create_mapping, "update": update_mapping}
