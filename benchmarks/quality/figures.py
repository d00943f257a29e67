"""A measured figure beside the bar it has to reach."""

from dataclasses import dataclass


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
