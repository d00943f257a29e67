"""Whole reports as golden text: each word, number and place that a reader is told.

They lie in tests/golden/reports, a file for each test module, a part for each attack:
which lines it takes from the report of the untouched archive, and which it adds.
`make goldens` writes them anew (`pytest --update-goldens`, the untouched ones first);
look at the difference before you commit.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.verify.reporting.report import Finding, Outcome, Report

REPORTS = Path(__file__).parents[2] / "golden" / "reports"
MARK = "== "
INFLATING = re.compile(r"Error -?\d+ while decompressing data: incorrect [a-z]+ check")
"""In the words of whichever library does it."""
OF_A_TEST = re.compile(r"FOLDER/[^/:\s]+")
VARYING = (
    (re.compile(r"\b[0-9a-f]{64,}\b"), "DIGEST"),
    (re.compile(r"\b[a-z2-7]{26}\b"), "ID"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "KEY"),
    (re.compile(r"(?<=\()[0-9a-f]{8}(?=\))"), "KEY"),
    (re.compile(r'(?<="id": ")[a-z2-7]{7}(?=\')'), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z"), "TIME"),
    # A signature is 70 to 72 bytes long, so whatever stands behind one lies elsewhere.
    (re.compile(r"(?<=\boffset[ =])[1-9]\d*"), "PLACE"),
    (re.compile(r"(?<=\bmember at )[1-9]\d*"), "PLACE"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenReports:
    """The reports that tests compare with, or write where that is asked for."""

    is_written: bool

    def assert_told(self, told: list[str], *, module: str, part: str) -> None:
        """Exactly these lines, as when somebody looked at them."""
        path = REPORTS / f"{module.rpartition('.')[2]}.txt"
        parts = read_parts(path)
        if self.is_written:
            write_parts(path, parts | {part: told})
            return
        assert told == parts.get(part, []), f"{path.name}, {part}"


def read_untouched(part: str = "golden archive") -> list[str]:
    """What must be told of the golden archive, or of a bundle, as it is."""
    return read_parts(REPORTS / "test_table_untouched.txt").get(part, [])


def without_names(told: list[str]) -> list[str]:
    """The same of evidence that is made anew for each run: in an order of its own.

    Digests, ids, keys, times and places give way to what they are.
    """
    for pattern, name in VARYING:
        told = [pattern.sub(name, line) for line in told]
    return sorted(told)


def told_by_all(reports: Sequence[Report], folder: Path) -> list[str]:
    """Each line of any of them, and how many tell it; `folder` holds those of tests."""
    counts = Counter[str]()
    for report in reports:
        told = [OF_A_TEST.sub("FOLDER", line) for line in tell(report, folder)]
        counts.update(without_names(told))
    many = len(reports) > 1
    return [f"{n} x {line}" if many else line for line, n in sorted(counts.items())]


def difference(untouched: list[str], told: list[str]) -> list[str]:
    """What is told no more, then what is told instead or beside it."""
    gone = [f"- {line}" for line in untouched if line not in told]
    return gone + [f"+ {line}" for line in told if line not in untouched]


def tell(report: Report, root: Path) -> list[str]:
    """A report of this folder in lines; of what holds, how often at each step."""
    held = Counter[int]()
    for finding in report.of(Outcome.VERIFIED):
        held[finding.step] += int(finding.parameters["count"])
    lines = [
        f"{report.outcome}: {report.subject}",
        f"said first: {report.headline}",
        *(f"noted: {notice}" for notice in report.notices),
        "required: " + " ".join(map(str, sorted(report.required))),
        "held: " + " ".join(f"{step}x{count}" for step, count in sorted(held.items())),
        *map(_line, report.of(Outcome.FAILED)),
        *map(_line, report.of(Outcome.NOT_CHECKED)),
    ]
    told = [line.replace(str(root), "FOLDER") for line in lines]
    return [INFLATING.sub("cannot be inflated", line) for line in told]


def _line(finding: Finding) -> str:
    more = "".join(f" {key}={value}" for key, value in finding.parameters.items())
    return (
        f"{finding.step} {finding.code} {finding.outcome}: {finding.subject}: "
        f"{finding.detail}{more} [{finding.specification}]"
    )


def read_parts(path: Path) -> dict[str, list[str]]:
    """The lines of each part; none where the file is not there yet."""
    parts: dict[str, list[str]] = {}
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for line in lines:
        if line.startswith(MARK):
            part = parts.setdefault(line.removeprefix(MARK), [])
        else:
            part.append(line)
    return parts


def write_parts(path: Path, parts: dict[str, list[str]]) -> None:
    """Write the parts in the order of their names."""
    path.parent.mkdir(exist_ok=True)
    lines = [line for name in sorted(parts) for line in (f"{MARK}{name}", *parts[name])]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
