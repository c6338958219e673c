"""Values as DynamoDB writes them: `{"S": "text"}`, `{"N": "1"}`, `{"M": {…}}`.

Only the types that our rows are made of. boto3 has a pair like this, and importing it costs every cold start the
rest of boto3. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
"""

from typing import Any

Attribute = dict[str, Any]


def to_attribute(value: Any) -> Attribute:
    """Text, a whole number, a truth value, None, or lists and dicts of these. Raises TypeError for anything else."""
    match value:
        case None:
            return {"NULL": True}
        case bool():  # before int, which it also is
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case dict():
            return {"M": {name: to_attribute(item) for name, item in value.items()}}
        case list():
            return {"L": [to_attribute(item) for item in value]}
    raise TypeError(f"a {type(value).__name__} has no place in a row")


def from_attribute(attribute: Attribute) -> Any:
    """What `to_attribute` was given. Raises TypeError for a kind that it never writes."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return int(value)
        case "M":
            return {name: from_attribute(item) for name, item in value.items()}
        case "L":
            return [from_attribute(item) for item in value]
        case "NULL":
            return None
    raise TypeError(f"rows hold no attributes of the kind {kind}")
