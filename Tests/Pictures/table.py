"""Tables."""

import math

from data import threshold_color
from svg import INK, LINE, MUTED, NAMED, fitted, text_width
from units import formatted

ROW = 21


class Column:
    """Cells as texts with colours."""

    def __init__(self, name, values, settings):
        self.name = name
        self.is_numeric = any(isinstance(value, float) for value in values)
        unit = settings.get("unit", "short")
        self.texts = [formatted(value, unit) if self.is_numeric else value or "" for value in values]
        self.colors = [
            NAMED[threshold_color(settings, value)] if "thresholds" in settings and value is not None else INK
            for value in values]
        self.width = 16 + max(text_width(text, 11) for text in [name, *self.texts])

    def draw(self, svg, x, y, width):
        cells = [(self.name, MUTED, "600"), *((text, color, None) for text, color in zip(self.texts, self.colors, strict=True))]
        for row, (text, color, weight) in enumerate(cells):
            place = (x + width - 8, "end") if self.is_numeric else (x, None)
            svg.text(place[0], y + row * ROW + 14, fitted(text, 11, width - 8), 11, color, place[1], weight)


def table(svg, panel, box, source):
    """As many rows as there is room for, in the panel's order."""
    x, y, width, height = box
    names, rows = source.rows(panel)
    for sorting in panel["options"]["sortBy"]:
        place = names.index(sorting["displayName"])
        rows.sort(key=lambda row: rank(row[place]), reverse=True)
    rows = rows[: int(height / ROW) - 1]
    settings = {
        override["matcher"]["options"]: {one["id"]: one["value"] for one in override["properties"]}
        for override in panel["fieldConfig"]["overrides"]}
    columns = [Column(name, [row[at] for row in rows], settings.get(name, {})) for at, name in enumerate(names)]
    scale, left = width / sum(column.width for column in columns), x
    for column in columns:
        column.draw(svg, left, y, column.width * scale)
        left += column.width * scale
    for row in range(len(rows) + 1):
        svg.line(x, y + row * ROW + 20, x + width, y + row * ROW + 20, "#eef0f2" if row else LINE)


def rank(value):
    return -math.inf if value is None or math.isnan(value) else value
