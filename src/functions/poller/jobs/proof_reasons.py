"""What a proof says of a job: why it is not whole, or what to know of one that is."""

from poller.errors import ErrorType, Reason
from poller.jobs.proof import Proof
from poller.text import counted


def records_repeat(proof: Proof) -> Reason | None:
    """How records that came more than once are a sign of missing ones."""
    if not proof.uniqueness.repeated or not (proof.key or proof.moved):
        return None
    advice = "others may be missing in their place: have the API sort by a field that does not change, and run again"
    return Reason(ErrorType.RECORDS_REPEAT, f"{_repeats_in_words(proof)}; {advice}")


def alike(proof: Proof | None) -> Reason | None:
    """What to know of records that came more than once, where that is no sign of missing ones."""
    if proof is None or not proof.uniqueness.repeated:
        return None
    message = f"{_repeats_in_words(proof)}; they have no key that would tell them apart: name one in primary_key"
    return Reason(ErrorType.RECORDS_REPEAT, message)


def moved(proof: Proof | None) -> Reason | None:
    """What to know of an API that changed meanwhile, or of records that could not be looked at."""
    if proof is None:
        return None
    if proof.moved:
        message = "the API's first page or its total was another one at the end than at the beginning"
        advice = "records may have been added or removed: run the job again to have them"
        if not proof.key:
            advice += ", or name in primary_key what tells them apart, if a field changes with every answer"
        return Reason(ErrorType.CHANGED_WHILE_POLLED, f"{message}; {advice}")
    return not_shown(proof)


def not_shown(proof: Proof) -> Reason | None:
    """What to know of records that could not be looked at."""
    if not proof.uniqueness.not_shown:
        return None
    message = f"whether every record came once could not be shown: {proof.uniqueness.not_shown}"
    return Reason(ErrorType.NOT_SHOWN, message)


def _repeats_in_words(proof: Proof) -> str:
    found = proof.uniqueness
    by = f" by {' and '.join(proof.key)}" if proof.key else ""
    shown = ", ".join(example.key for example in found.examples if example.key)
    examples = f" (such as {shown})" if shown else ""
    return f"{found.repeated:,} of {counted(found.records, 'record')} came more than once{by}{examples}"
