"""What is wrong with a command line: the words as they stand, what may have been meant, and where to read on."""

from collections.abc import Collection, Sequence

from typer.exceptions import TyperException

from poller_local.errors import BadUsage, one_line


def refuse_empty_words(words: Sequence[str]) -> None:
    """Raises BadUsage for a word with nothing in it: a shell variable that is not set must not pass for a default."""
    for before, word in zip(("", *words), words, strict=False):
        option, equals, value = word.partition("=")
        if word == "" or (option.startswith("--") and equals and not value):
            named = option or (before if before.startswith("--") else "an argument")
            raise BadUsage(f"{named} is empty (a shell variable that is not set?); give it a value")


def describe_misuse(error: TyperException, words: Sequence[str], commands: Collection[str]) -> str:
    """Typer's complaint about `words` as one clause with a suggestion, and the help that says more."""
    said, _, guess = one_line(error.format_message()).rstrip(".").partition(". Did you mean ")
    possible = getattr(error, "possibilities", None)  # of an unknown option
    if possible is not None:
        said = said.partition(" (Possible options")[0]
        guess = " or ".join(sorted(possible))
    if guess:
        said += f"; did you mean {guess.rstrip('?')}?"
    elif said.startswith("No such command"):
        said += f"; there are {', '.join(commands)}"
    # Typer does not always say in which command it failed.
    command = next((word for word in words if word in commands), None)
    separator = " See" if guess else "; see"
    return f"{said}{separator} '{' '.join(filter(None, ('poller', command)))} --help'"
