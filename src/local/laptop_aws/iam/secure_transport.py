"""Policies that demand TLS hold on the laptop, where everything is loopback HTTP.

AWS: ``aws:SecureTransport`` is true for a request over TLS, as every AWS client's is; the usual bucket
and queue policies deny all others.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport

MiniStack enforces such a policy and its own plain HTTP fails it, so a function that may write to a bucket
is refused. Here the key's value is always true: nothing leaves the machine.
"""

from ministack.core import iam_evaluator


def install() -> None:
    resolve = iam_evaluator._resolve_condition_key

    def resolve_as_over_tls(key, ctx):
        return "true" if key.lower() == "aws:securetransport" else resolve(key, ctx)

    iam_evaluator._resolve_condition_key = resolve_as_over_tls
