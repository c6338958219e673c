"""The fenced blocks of a document, for the tests that run them."""

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^## (?P<section>[^\n]+)$|^```(?P<language>\w*)\n(?P<text>.*?)^```$", flags=re.M | re.S)


@dataclass(frozen=True)
class Block:
    """`section` is the `##` heading it stands under, `language` what follows the fence."""

    section: str
    language: str
    text: str


def blocks(document: Path) -> list[Block]:
    """All blocks of a Markdown file, in order."""
    found, section = [], ""
    for match in _FENCE.finditer(document.read_text()):
        if match["section"]:
            section = match["section"]
        else:
            found.append(Block(section, match["language"], match["text"]))
    return found


def commands(document: Path, section: str) -> list[str]:
    """The `sh` blocks of one section."""
    return [block.text for block in blocks(document) if (block.section, block.language) == (section, "sh")]
