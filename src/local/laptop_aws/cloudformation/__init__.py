"""CloudFormation: templates and the resources made from them."""
