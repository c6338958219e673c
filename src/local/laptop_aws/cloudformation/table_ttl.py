"""A table's TimeToLiveSpecification in a template.

AWS: CloudFormation turns TTL on with the attribute named, changes it, and turns it off when the
specification goes.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-dynamodb-table-timetolivespecification.html

MiniStack has UpdateTimeToLive and deletes expired items every minute, but ignores the property. Here the
type's create and update handlers call it afterwards.
"""

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

PROPERTY = "TimeToLiveSpecification"


def _apply(table: str, specification) -> None:
    enabled = str(specification.get("Enabled", "")).lower() == "true"
    request = {"AttributeName": specification["AttributeName"], "Enabled": enabled}
    dynamodb._update_ttl({"TableName": table, PROPERTY: request})


def install() -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    create, update = handlers["create"], handlers["update"]

    def create_table(logical_id, props, stack_name):
        name, attributes = create(logical_id, props, stack_name)
        if PROPERTY in props:
            _apply(name, props[PROPERTY])
        return name, attributes

    def update_table(physical_id, old_props, new_props, *rest):
        name, attributes = update(physical_id, old_props, new_props, *rest)
        before = old_props.get(PROPERTY)
        if specification := new_props.get(PROPERTY, before and {**before, "Enabled": False}):
            _apply(name, specification)
        return name, attributes

    handlers |= {"create": create_table, "update": update_table}
