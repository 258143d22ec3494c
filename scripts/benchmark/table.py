"""Lines of the result, and how they look."""

import statistics
from dataclasses import dataclass, field
from typing import Optional


def ratios(ours, theirs):
    """Round by round; the median where one side has fewer rounds."""
    if len(ours) == len(theirs):
        return [a / b for a, b in zip(ours, theirs)]
    middle = statistics.median(theirs)
    return [a / middle for a in ours]


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@dataclass
class Line:
    """One line: what was measured, ours and theirs, and whether the target is met."""

    what: str
    ours: list
    unit: str
    digits: int = 0
    beside: str = ""
    theirs: list = field(default_factory=list)
    # What is compared with the target; our median where there is none.
    compared: list = field(default_factory=list)
    compared_unit: str = "x"
    compared_digits: int = 2
    target: str = ""
    at_least: Optional[float] = None
    at_most: Optional[float] = None
    cpu: list = field(default_factory=list)
    peak: list = field(default_factory=list)
    note: str = ""

    @property
    def met(self):
        values = self.compared or self.ours
        if not values or (self.at_least is None and self.at_most is None):
            return ""
        middle = statistics.median(values)
        good = (self.at_least is None or middle >= self.at_least) and (
            self.at_most is None or middle <= self.at_most
        )
        return "yes" if good else "**no**"

    def cells(self):
        beside = " ".join(filter(None, [self.beside, show(self.theirs, self.unit, self.digits)]))
        return (
            self.what, show(self.ours, self.unit, self.digits), beside,
            show(self.compared, self.compared_unit, self.compared_digits), self.target, self.met,
            show(self.cpu, "", 2), show(self.peak, "", 0), rounds(self),
        )


HEADER = (
    "what", "swarmfs", "beside", "ratio", "target", "met", "CPU s", "peak MiB", "runs",
)


def show(values, unit="", digits=0):
    """The median, and the range in brackets."""
    if not values:
        return ""
    middle = f"{statistics.median(values):.{digits}f}"
    text = f"{middle} {unit}".strip()
    if len(values) > 1:
        text += f" [{min(values):.{digits}f}..{max(values):.{digits}f}]"
    return text


def rounds(line):
    if line.theirs and len(line.theirs) != len(line.ours):
        return f"{len(line.ours)}, {len(line.theirs)}"
    return str(len(line.ours)) if line.ours else ""


def print_table(lines):
    """A Markdown table, with notes below."""
    notes = []
    rows = []
    for line in lines:
        cells = list(line.cells())
        if line.note:
            if line.note not in notes:
                notes.append(line.note)
            cells[0] += f" ({notes.index(line.note) + 1})"
        rows.append(cells)
    widths = [max(len(row[index]) for row in [HEADER, *rows]) for index in range(len(HEADER))]
    for row in [HEADER, ["-" * width for width in widths], *rows]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
    if notes:
        print()
    for number, note in enumerate(notes, 1):
        print(f"{number}. {note}")
