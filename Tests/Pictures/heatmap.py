"""How many observations fell into which bucket when."""

import math

from plot import Plot, draw_exemplars
from svg import GRID, MUTED, number
from units import formatted

SHADES = 10


def blue(strength):
    """From nearly white to dark."""
    return "#" + "".join(f"{round(light + (dark - light) * strength):02x}" for light, dark in ((226, 8), (238, 48), (249, 107)))


def heatmap(svg, panel, box, source):
    """Cells per bucket and time, the darker the more; buckets that are empty throughout above and below are left out."""
    lines = sorted(source.lines(panel), key=lambda line: float(line.labels["le"]))
    unit = panel["options"]["yAxis"]["unit"]
    columns = {}
    for line in lines:
        for at, value in line.points:
            columns.setdefault(at, {})[line.labels["le"]] = value
    bounds = [line.labels["le"] for line in lines]
    cells = {}
    for at, column in columns.items():
        below = 0
        for row, bound in enumerate(bounds):
            if bound in column:
                cells[at, row] = max(0, column[bound] - below)
                below = max(below, column[bound])
    used = [row for (_, row), count in cells.items() if count > 0.01]
    low, high = min(used), max(used)
    names = ["∞" if bound == "+Inf" else formatted(float(bound), unit) for bound in bounds]
    plot = Plot(svg, box, source, names)
    plot.time_axis()
    height = (plot.bottom - plot.top) / (high - low + 1)
    most = max(cells.values())
    wide = source.step / (source.end - source.start) * (plot.right - plot.left)
    for shade in range(1, SHADES + 1):
        squares = [
            f"M{number(max(plot.left, plot.x(at) - wide))} {number(plot.bottom - (row - low + 1) * height + 0.5)}"
            f"h{number(wide - 0.3)}v{number(height - 1)}h{number(0.3 - wide)}z"
            for (at, row), count in sorted(cells.items())
            if low <= row <= high and math.ceil((count / most) ** 0.5 * SHADES - 0.3) == shade]
        if squares:
            svg.element("path", d="".join(squares), style=f"fill:{blue(shade / SHADES)}")
    for row in range(low - 1, high + 1):
        if row >= 0:
            y = plot.bottom - (row - low + 1) * height
            svg.text(plot.left - 4, y + 3.5, names[row], 10, MUTED, anchor="end")
    edges = [float(bound) for bound in bounds]

    def up(value):
        row = next(index for index, edge in enumerate(edges) if value <= edge)
        lower = edges[row - 1] if row else 0
        share = 0.5 if row == len(edges) - 1 else (value - lower) / (edges[row] - lower)
        return plot.bottom - (row - low + share) * height

    draw_exemplars(svg, [(plot.x(at), up(value)) for at, value in source.exemplars(panel)], plot)
    svg.line(plot.left, plot.bottom, plot.right, plot.bottom, GRID)
