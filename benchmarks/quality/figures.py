"""A measured figure beside the bar it has to reach."""

from collections.abc import Sequence
from dataclasses import dataclass

HEADS = ("part", "figure", "value", "bar", "", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table; `bar` None is a figure reported without a bar."""

    part: str
    name: str
    value: float
    bar: float | None = None
    at_most: bool = False
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the bar is reached; None without a bar."""
        if self.bar is None:
            return None
        return self.value <= self.bar if self.at_most else self.value >= self.bar

    def row(self) -> tuple[str, ...]:
        """Cells of the table: part, name, value, bar, verdict, note."""
        sign = "<=" if self.at_most else ">="
        bar = "" if self.bar is None else f"{sign} {self.bar:g}"
        verdict = {None: "", True: "reached", False: "SHORT"}[self.reached]
        return self.part, self.name, f"{self.value:.3f}", bar, verdict, self.note


def format_table(figures: Sequence[Figure]) -> str:
    """Columns in line, the last one as long as it is."""
    rows = [HEADS, *(figure.row() for figure in figures)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEADS) - 1)]
    lines = [
        "  ".join([cell.ljust(width) for cell, width in zip(row, widths, strict=False)])
        + f"  {row[-1]}"
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"
