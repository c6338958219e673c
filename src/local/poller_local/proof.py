"""A job's proof as one sentence for people."""

from poller_local.errors import one_line
from poller_local.summary import Proof, Summary

ENDS = {"seen": "end seen", "refused": "end refused", "cut": "cut", "not asked": "end not asked for"}
MOVES = {True: "the API changed meanwhile", False: "nothing moved", None: "not looked whether anything moved"}


def is_complete(summary: Summary) -> bool:
    """Whether the job succeeded, its end was seen, every record is there once, and the API is as it was."""
    proof = summary.get("Proof")
    shown = (
        proof
        and proof["End"] == "seen"
        and proof["Distinct"] is not None
        and proof["Repeated"] == 0
        and proof["Moved"] is False
    )
    return bool(shown) and summary["Status"] == "SUCCEEDED"


def proof_in_words(summary: Summary) -> str | None:
    """Like "complete: end seen, 10,000 distinct by id, nothing moved".

    What is not shown is named in its place, and then nothing is called complete. None: there is no proof.
    """
    proof = summary.get("Proof")
    if not proof:
        return None
    parts = [_end(proof), _records(proof), MOVES[proof["Moved"]]]
    if proof["Mended"]:
        parts.append(f"{proof['Mended']:,} mended")
    return one_line(("complete: " if is_complete(summary) else "") + ", ".join(parts))


def _end(proof: Proof) -> str:
    end = ENDS.get(proof["End"], f"end {proof['End']}")
    return f"{end} ({proof['EndSaid']})" if proof["End"] == "refused" and proof["EndSaid"] else end


def _records(proof: Proof) -> str:
    by = f" by {' and '.join(proof['Key'])}" if proof["Key"] else ""
    repeated = f", {proof['Repeated']:,} repeated" if proof["Repeated"] else ""
    if proof["Distinct"] is None:
        return "not shown whether every record came once"
    return f"{proof['Distinct']:,} distinct{by}{repeated}"
