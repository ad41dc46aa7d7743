"""Writes SVG, small: coordinates with one decimal, styles as classes."""

from xml.sax.saxutils import escape, quoteattr

FONT = "Inter, Helvetica Neue, Helvetica, Arial, DejaVu Sans, sans-serif"
INK, MUTED, GRID, LINE, PAGE, EXEMPLAR = "#24292e", "#6a737d", "#e9ecef", "#d5d9de", "#f4f5f7", "#f2711c"
PALETTE = [
    "#3274d9", "#e0752d", "#56a64b", "#a352cc", "#e02f44", "#1fa2a6", "#b8860b", "#705da0", "#8c564b", "#d683ce", "#5b6b7b",
    "#7eb26d",
]
NAMED = {
    "green": "#37872d", "orange": "#e0752d", "red": "#c4162a", "blue": "#3274d9", "text": INK, "transparent": "none",
}
"""Grafana's names of colours."""

_NARROW, _WIDE = "iljtfrI.,:;'|!()[]/ ", "mwMW@%→"


def text_width(text, size):
    """About how wide a text will be; fonts differ."""
    return size * sum(
        0.36 if letter in _NARROW else 0.92 if letter in _WIDE else 0.71 if letter.isupper() else 0.61 for letter in text)


def fitted(text, size, width):
    """The text, or its beginning with an ellipsis."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text, size, width):
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def number(value):
    return f"{value:.1f}".removesuffix(".0").replace("-0", "-0") if round(value, 1) else "0"


class Svg:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.parts = []

    def element(self, name, text=None, **attributes):
        pairs = "".join(
            f" {key.rstrip('_').replace('_', '-')}={quoteattr(number(value) if isinstance(value, float | int) else value)}"
            for key, value in attributes.items() if value is not None)
        self.parts.append(f"<{name}{pairs}/>" if text is None else f"<{name}{pairs}>{escape(text)}</{name}>")

    def rect(self, x, y, width, height, fill, **more):
        self.element("rect", x=x, y=y, width=max(0, width), height=max(0, height), fill=fill, **more)

    def line(self, x1, y1, x2, y2, stroke=GRID, **more):
        self.element("path", d=f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}", stroke=stroke, **more)

    def text(self, x, y, text, size=11, fill=MUTED, anchor=None, weight=None, **more):
        self.element("text", text, x=x, y=y, font_size=size, fill=fill, text_anchor=anchor, font_weight=weight, **more)

    def path(self, points, close=False, **style):
        """A line through points, written as steps."""
        steps, (x, y) = [f"M{number(points[0][0])} {number(points[0][1])}l"], points[0]
        x, y = round(x, 1), round(y, 1)
        for next_x, next_y in points[1:]:
            next_x, next_y = round(next_x, 1), round(next_y, 1)
            across, down = number(next_x - x), number(next_y - y)
            steps.append(f"{across}{'' if down.startswith('-') else ' '}{down} ")
            x, y = next_x, next_y
        self.element("path", d="".join(steps).rstrip() + ("z" if close else ""), **style)

    def exemplar(self, x, y):
        """A diamond."""
        self.element("use", href="#x", x=x, y=y)

    def write(self, path):
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'font-family="{FONT}"><style>path{{fill:none}}</style>'
            f'<defs><path id="x" d="M0-3.6l3.6 3.6-3.6 3.6-3.6-3.6z" '
            f'style="fill:{EXEMPLAR};fill-opacity:.85;stroke:#fff;stroke-width:.7"/></defs>')
        path.write_text(head + "\n" + "\n".join(self.parts) + "\n</svg>\n")
