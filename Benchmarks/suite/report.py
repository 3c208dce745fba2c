"""The table of results: ratios first."""

from dataclasses import dataclass, field
from pathlib import Path

from suite.tools import ROOT


@dataclass
class Row:
    what: str
    skylab: str
    beside: str
    ratio: str
    mark: str = ""


@dataclass
class Section:
    title: str
    how: str
    rows: list[Row] = field(default_factory=list)


def times(value: float) -> str:
    return f"**{value:.2f} x**" if value < 10 else f"**{value:.0f} x**"


def write(sections: list[Section], command: str) -> Path:
    lines = [
        "# Results", "", f"Written by `{command}` on a machine with 2 cores; server and load share them. Medians of interleaved rounds;",
        "take the ratios, not the figures. A ratio over 1 means that Skylab is that much better.", ""]
    for section in sections:
        lines += [f"## {section.title}", "", section.how, "", "| | ratio | Skylab | beside it | mark |", "|---|---|---|---|---|"]
        lines += [f"| {r.what} | {r.ratio} | {r.skylab} | {r.beside} | {r.mark} |" for r in section.rows]
        lines.append("")
    file = ROOT / "Benchmarks" / "RESULTS.md"
    file.write_text("\n".join(lines))
    return file
