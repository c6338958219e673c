"""``Fn::Join`` in a template's conditions.

AWS: a condition may join the members of a list parameter, which is how it asks whether there are any.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html

MiniStack's conditions do not know ``Fn::Join``: compared with anything, it differs. Here each is replaced by
its text before MiniStack looks at the conditions.
"""

from typing import Any

from ministack.services.cloudformation import changesets, engine, handlers, stacks


def joined(expression: Any, params: dict[str, Any]) -> Any:
    """The expression with each Fn::Join replaced by its text."""
    if isinstance(expression, list):
        return [joined(item, params) for item in expression]
    if not isinstance(expression, dict):
        return expression
    if "Fn::Join" in expression:
        separator, items = expression["Fn::Join"]
        return separator.join(_texts(items, params))
    return {name: joined(value, params) for name, value in expression.items()}


def _texts(items: Any, params: dict[str, Any]) -> list[str]:
    """The members of a list, or of the list parameter that is referred to, whose value is one text here."""
    if isinstance(items, dict):
        return [text.strip() for text in str(params[items["Ref"]]["Value"]).split(",")]
    return [str(params[item["Ref"]]["Value"]) if isinstance(item, dict) else str(item) for item in items]


def install() -> None:
    evaluate = engine._evaluate_conditions

    def evaluate_joined(template, params):
        conditions = joined(template.get("Conditions", {}), params)
        return evaluate({**template, "Conditions": conditions}, params)

    for module in (engine, changesets, handlers, stacks):
        module._evaluate_conditions = evaluate_joined
