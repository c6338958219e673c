"""One line a figure: what was measured, how, what it may be, and what it is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measured value. `least` or `most` is its budget; a figure without either is for information."""

    what: str
    value: float
    unit: str
    setting: str
    least: float | None = None
    most: float | None = None

    @property
    def is_met(self) -> bool:
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    @property
    def budget(self) -> str:
        if self.least is not None:
            return f"at least {self.least:g}"
        return f"at most {self.most:g}" if self.most is not None else "no budget"

    def __str__(self) -> str:
        verdict = "" if self.least is None and self.most is None else ("  ok" if self.is_met else "  MISSED")
        return f"{self.what:<44} {self.value:>9.3g} {self.unit:<9} {self.budget:<15}{verdict:<8} {self.setting}"
