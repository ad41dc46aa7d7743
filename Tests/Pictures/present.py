"""Panels of the present: single numbers and bars."""

from data import legend, threshold_color
from svg import INK, NAMED, fitted, text_width
from units import formatted


def stat(svg, panel, box, source):
    x, y, width, height = box
    defaults = panel["fieldConfig"]["defaults"]
    lines = source.lines(panel)
    if not lines:
        svg.text(x + width / 2, y + height / 2, defaults.get("noValue", "no data"), 14, anchor="middle")
        return
    line = lines[0]
    color = NAMED[threshold_color(defaults, line.last)]
    if panel["options"]["graphMode"] == "area" and len(line.points) > 1:
        values = [value for _, value in line.points]
        low, high = min(values), max(values)
        tint = "#3274d9" if color == INK else color
        scale = height * 0.38 / ((high - low) or 1)
        points = [
            (x - 8 + (at - source.start) / (source.end - source.start) * (width + 16), y + height + 2 - (value - low) * scale)
            for at, value in line.points]
        svg.path([*points, (points[-1][0], y + height + 8), (points[0][0], y + height + 8)], close=True,
                 style=f"fill:{tint};fill-opacity:.1")
        svg.path(points, stroke=tint, stroke_width=1, stroke_opacity=0.6)
    text = formatted(line.last, defaults.get("unit"), defaults.get("decimals"))
    svg.text(x + width / 2, y + height / 2 + 6, text, 26, color, anchor="middle", weight="600")


def bargauge(svg, panel, box, source):
    x, y, width, height = box
    defaults = panel["fieldConfig"]["defaults"]
    bars = [(legend(target, labels), value) for target in panel["targets"] for labels, value in source.instant(target)]
    if not bars:
        svg.text(x + width / 2, y + height / 2, defaults.get("noValue", "no data"), 12, anchor="middle")
        return
    names = min(width * 0.45, max(text_width(name, 11) for name, _ in bars) + 10)
    texts = [formatted(value, defaults.get("unit"), defaults.get("decimals", 1)) for _, value in bars]
    room = width - names - max(text_width(text, 12) for text in texts) - 14
    top = defaults.get("max") or max(value for _, value in bars) or 1
    each = min(30, height / len(bars))
    for row, ((name, value), text) in enumerate(zip(bars, texts, strict=True)):
        at = y + row * each
        svg.text(x, at + each / 2 + 4, fitted(name, 11, names - 8), 11, INK)
        svg.rect(x + names, at + 3, room, each - 6, "#eef0f2", rx=2)
        color = NAMED[threshold_color(defaults, value)]
        svg.rect(x + names, at + 3, room * min(1, max(0, value / top)), each - 6, color, rx=2, fill_opacity=0.75)
        svg.text(x + width, at + each / 2 + 4, text, 12, color, anchor="end", weight="600")
