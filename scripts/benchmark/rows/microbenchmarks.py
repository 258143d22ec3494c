"""What the hot paths cost in this build, from Sources/Benchmarks."""

import re

from ..processes import run
from ..table import Line


def measure(bench):
    lines = []
    for text in run([bench.benchmarks], 50).splitlines():
        match = re.match(r"(.+?)\s{2,}([\d.]+) (\S.*)$", text) or re.match(
            r"(.+) ([\d.]+) (ns|GB/s.*)$", text
        )
        if match:
            digits = len(match[2].partition(".")[2])
            lines.append(Line(match[1], [float(match[2])], match[3], digits))
    for line in lines:
        line.note = "median of five rounds in one run of Benchmarks"
    return lines
