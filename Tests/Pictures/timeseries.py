"""Curves with their thresholds and exemplars."""

from plot import Plot, draw_exemplars, legend_below, legend_beside, legend_rows
from svg import LINE, NAMED, PALETTE, text_width
from units import formatted, ticks


def timeseries(svg, panel, box, source):
    x, y, width, height = box
    lines, defaults = source.lines(panel), panel["fieldConfig"]["defaults"]
    if not lines:
        svg.text(x + width / 2, y + height / 2, defaults.get("noValue", "no data"), 12, anchor="middle")
        return
    custom = defaults["custom"]
    is_stacked = custom.get("stacking", {}).get("mode") == "normal"
    curves = stack(lines) if is_stacked else [line.points for line in lines]
    exemplars = source.exemplars(panel)
    entries = [(PALETTE[index % len(PALETTE)], line.name) for index, line in enumerate(lines)]
    is_beside = panel["options"]["legend"]["placement"] == "right"
    beside = min(width * 0.36, 32 + max(text_width(name, 10) for _, name in entries)) if is_beside else 0
    below = 0 if is_beside else 14 * legend_rows(entries, width) + 4

    floor, top = limits(curves, exemplars, defaults.get("min"))
    marks = ticks(floor, top, max(3, (height - below) / 42), defaults.get("unit"))
    labels = [formatted(mark, defaults.get("unit"), defaults.get("decimals")) for mark in marks]
    plot = Plot(svg, box, source, labels, beside, below)

    def up(value):
        return plot.bottom - (value - floor) / (top - floor) * (plot.bottom - plot.top)

    plot.time_axis()
    for mark, label in zip(marks, labels, strict=True):
        svg.line(plot.left, up(mark), plot.right, up(mark))
        svg.text(plot.left - 4, up(mark) + 3.5, label, 10, anchor="end")
    svg.line(plot.left, plot.bottom, plot.right, plot.bottom, LINE)
    for step in defaults["thresholds"]["steps"] if "thresholdsStyle" in custom else ():
        if step["value"] is not None and floor < step["value"] <= top:
            at = up(step["value"])
            svg.line(plot.left, at, plot.right, at, NAMED[step["color"]], stroke_dasharray="5 4")
    # The lowest of a stack is drawn last, over those above it.
    for (color, _), curve in reversed(list(zip(entries, curves, strict=True))):
        for run in runs(curve, source.step):
            points = [(plot.x(at), up(value)) for at, value in run]
            if is_stacked or len(curves) == 1:
                fill(svg, points, plot.bottom, color, custom["fillOpacity"] / 100, is_stacked)
            svg.path(points, stroke=color, stroke_width=1.4, stroke_linejoin="round")
    draw_exemplars(svg, [(plot.x(at), up(value)) for at, value in exemplars], plot)
    if is_beside:
        legend_beside(svg, entries, plot, beside)
    else:
        legend_below(svg, entries, x + 2, plot.bottom + 30, width)


def limits(curves, exemplars, floor):
    """The lowest and the highest value to show: exemplars up to twice as high as the curves."""
    values = [value for points in curves for _, value in points]
    top = max([max(values), *(min(value, 2 * max(values)) for _, value in exemplars)]) or 1
    return min(0, *values) if floor is None else floor, top * 1.06


def fill(svg, points, bottom, color, opacity, is_stacked):
    area = [*points, (points[-1][0], bottom), (points[0][0], bottom)]
    if is_stacked:
        svg.path(area, close=True, style="fill:#fff")
    svg.path(area, close=True, style=f"fill:{color};fill-opacity:{opacity:g}")


def runs(points, step):
    """Points without gaps between them."""
    run = [points[0]]
    for point in points[1:]:
        if point[0] - run[-1][0] > 1.5 * step:
            yield run
            run = []
        run.append(point)
    yield run


def stack(lines):
    """Each curve on top of those before it."""
    times = sorted({at for line in lines for at, _ in line.points})
    total, curves = dict.fromkeys(times, 0.0), []
    for line in lines:
        values = dict(line.points)
        for at in times:
            total[at] += values.get(at, 0)
        curves.append([(at, total[at]) for at in times])
    return curves
