"""The graph of services."""

import math

from svg import INK, NAMED, text_width
from units import formatted

RADIUS = 25
ARROW = "#9aa3ad"


def nodegraph(svg, panel, box, source):
    """Layers from left to right; rings show the shares that succeeded and failed."""
    rates, failed, _, calls = (source.instant(target) for target in panel["targets"])
    rates, failed = ({labels["id"]: value for labels, value in answer} for answer in (rates, failed))
    edges = [(labels["source"], labels["target"], value) for labels, value in calls]
    places = placed(layered(rates, edges), box)
    for start, end, rate in edges:
        draw_edge(svg, places[start], places[end], formatted(rate, "reqps"))
    for name, place in places.items():
        draw_node(svg, place, name, rates[name], min(1, failed.get(name, 0)))


def draw_edge(svg, start, end, text):
    (x1, y1), (x2, y2) = start, end
    length = math.dist(start, end)
    across, down = (x2 - x1) / length, (y2 - y1) / length
    x1, y1 = x1 + across * (RADIUS + 3), y1 + down * (RADIUS + 3)
    x2, y2 = x2 - across * (RADIUS + 5), y2 - down * (RADIUS + 5)
    svg.line(x1, y1, x2, y2, ARROW, stroke_width=1.3)
    back_x, back_y = x2 - across * 8, y2 - down * 8
    head = [(back_x - down * 4, back_y + across * 4), (x2, y2), (back_x + down * 4, back_y - across * 4)]
    svg.path(head, close=True, style=f"fill:{ARROW}")
    x, y, width = (x1 + x2) / 2, (y1 + y2) / 2, text_width(text, 10) + 6
    svg.rect(x - width / 2, y - 8, width, 14, "#fff", rx=3, fill_opacity=0.9)
    svg.text(x, y + 3, text, 10, anchor="middle")


def draw_node(svg, place, name, rate, failed):
    x, y = place
    svg.element("circle", cx=x, cy=y, r=RADIUS, fill="#fff", stroke=NAMED["green"], stroke_width=4)
    if failed > 0:
        around = 2 * math.pi * RADIUS
        svg.element(
            "circle", cx=x, cy=y, r=RADIUS, fill="none", stroke=NAMED["red"], stroke_width=4,
            stroke_dasharray=f"{failed * around:.1f} {around:.1f}", transform=f"rotate(-90 {x:.1f} {y:.1f})")
    amount, unit = formatted(rate, "reqps").split(" ")
    svg.text(x, y + 1, amount, 12, INK, anchor="middle", weight="600")
    svg.text(x, y + 12, unit, 8, anchor="middle")
    svg.text(x, y + RADIUS + 16, name, 11, INK, anchor="middle", weight="600")


def placed(layers, box):
    """Where each node is."""
    x, y, width, height = box
    return {
        name: (x + width * (column + 0.5) / len(layers), y + height * (row + 0.5) / len(layer) - 8)
        for column, layer in enumerate(layers) for row, name in enumerate(layer)
    }


def layered(rates, edges):
    """Nodes by their longest way from where requests come in; within a layer near to those that call them."""
    depth = dict.fromkeys(rates, 0)
    for _ in rates:
        for start, end, _ in edges:
            if start != end and depth[start] < len(rates):
                depth[end] = max(depth[end], depth[start] + 1)
    layers = [sorted(name for name in rates if depth[name] == level) for level in sorted(set(depth.values()))]
    for above, layer in zip(layers, layers[1:], strict=False):
        callers = {name: [above.index(start) for start, end, _ in edges if end == name and start in above] for name in layer}
        layer.sort(key=lambda name, callers=callers: sum(callers[name]) / max(1, len(callers[name])))
    return layers
