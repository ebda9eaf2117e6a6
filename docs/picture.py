#!/usr/bin/env python3
"""Draws what a command prints as an SVG of a terminal: picture.py OUTPUT COMMAND [ARGUMENT...]

Needs nothing but Python. `make picture` draws docs/demo.svg with it.
"""

import html
import re
import subprocess
import sys
import unicodedata

COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff", "35": "#d2a8ff", "36": "#76e3ea"}
ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
CHAR, LINE, MARGIN = 8.43, 18, 20


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def spans(line):
    """The line's pieces as (text, style), with the terminal's styles as SVG attributes."""
    style = {}
    at = 0
    for match in [*ESCAPE.finditer(line), None]:
        text = line[at : match.start()] if match else line[at:]
        if text:
            yield text, dict(style)
        if match is None:
            return
        at = match.end()
        for code in (match.group(1) or "0").split(";"):
            if code in ("0", ""):
                style = {}
            elif code == "1":
                style["font-weight"] = "bold"
            elif code == "2":
                style["opacity"] = "0.65"
            elif code in COLOURS:
                style["fill"] = COLOURS[code]


def draw(lines):
    columns = max(width(ESCAPE.sub("", line)) for line in lines)
    w, h = columns * CHAR + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:.0f} {h}" width="{w:.0f}" height="{h}" role="img"'
        ' aria-label="relgate blocks an unsafe release and says why">',
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
        '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#e6edf3">',
    ]
    for row, line in enumerate(lines):
        y, column = MARGIN + LINE * (row + 0.75), 0
        for text, style in spans(line):
            attributes = "".join(f' {name}="{value}"' for name, value in style.items())
            length = width(text) * CHAR
            out.append(
                f'<text x="{MARGIN + column * CHAR:.1f}" y="{y:.1f}" textLength="{length:.1f}" '
                f'xml:space="preserve"{attributes}>{html.escape(text)}</text>'
            )
            column += width(text)
    return "\n".join([*out, "</g>", "</svg>", ""])


def main():
    output, *command = sys.argv[1:]
    printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    if not printed.strip():
        sys.exit(f"picture.py: {command[0]} printed nothing")
    with open(output, "w", encoding="utf-8") as file:
        file.write(draw(printed.rstrip("\n").split("\n")))


if __name__ == "__main__":
    main()
