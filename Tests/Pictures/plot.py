"""What panels over time have in common: axes, legends, exemplars."""

import statistics
import time

from svg import INK, fitted, text_width


class Plot:
    """The area between the axes."""

    def __init__(self, svg, box, source, labels, right=0, bottom=0):
        x, y, width, height = box
        self.left = x + 6 + max(text_width(label, 10) for label in labels)
        self.top, self.bottom = y + 4, y + height - 16 - bottom
        self.right = x + width - 4 - right
        self.svg, self.source = svg, source

    def x(self, at):
        return self.left + (at - self.source.start) / (self.source.end - self.source.start) * (self.right - self.left)

    def time_axis(self):
        minutes = max(1, round((self.source.end - self.source.start) / 60 / max(2, (self.right - self.left) / 90)))
        minutes = next((step for step in (1, 2, 3, 5, 10, 15, 30, 60) if step >= minutes), 120)
        at = (self.source.start // (minutes * 60) + 1) * minutes * 60
        while at <= self.source.end:
            label = time.strftime("%H:%M", time.gmtime(at))
            if self.left + 12 < self.x(at) < self.right - 10:
                self.svg.line(self.x(at), self.top, self.x(at), self.bottom)
                self.svg.text(self.x(at), self.bottom + 12, label, 10, anchor="middle")
            at += minutes * 60


def legend_below(svg, entries, x, y, width, rows=2):
    """Entries (colour, name) in lines from `y` down. What has no room is counted."""
    left, row = x, 0
    for index, (color, name) in enumerate(entries):
        name = fitted(name, 10, width - 16)
        needed = text_width(name, 10) + 26
        last_row = row == rows - 1
        if left + needed + (46 if last_row and index < len(entries) - 1 else 0) > x + width and left > x:
            if last_row:
                svg.text(left, y + row * 14, f"+ {len(entries) - index} more", 10)
                return
            left, row = x, row + 1
        svg.rect(left, y + row * 14 - 5, 11, 3, color, rx=1.5)
        svg.text(left + 15, y + row * 14, name, 10, INK)
        left += needed


def legend_beside(svg, entries, plot, width):
    """One below the other, as many as there is room for."""
    x = plot.right + 12
    for row, (color, name) in enumerate(entries[: int((plot.bottom - plot.top) / 15)]):
        y = plot.top + 11 + row * 15
        svg.rect(x, y - 5, 11, 3, color, rx=1.5)
        svg.text(x + 15, y, fitted(name, 10, width - 30), 10, INK)


def legend_rows(entries, width):
    """How many lines a legend takes, two at most."""
    return 1 if sum(text_width(name, 10) + 26 for _, name in entries) <= width else 2


def draw_exemplars(svg, points, plot):
    """Those inside; of those of about one time only such as are clearly apart, the highest first, as in Grafana."""
    points = [(x, y) for x, y in points if plot.left <= x <= plot.right and plot.top <= y <= plot.bottom]
    if not points:
        return
    apart = max(10, statistics.pstdev(y for _, y in points))
    lowest = {}
    for x, y in sorted(points, key=lambda point: point[1]):
        time_slot = round(x / 11)
        if y - lowest.get(time_slot, -apart) >= apart:
            lowest[time_slot] = y
            svg.exemplar(x, y)
