"""Line plots as SVG, with nothing but text: enough for a cost over a size."""
import html, math

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 24, 56, 62
COLOURS = ["#0b62a4", "#c0392b", "#2e8b57", "#8e44ad", "#d68910"]
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #333 }
  .title { font-size: 16px; font-weight: 600 }
  .grid { stroke: #ddd }
  .axis { stroke: #333 }
  @media (prefers-color-scheme: dark) { text { fill: #ddd } .grid { stroke: #444 } .axis { stroke: #ddd } }
"""


def short(value):
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def steps(most):
    """Round ticks from 0 to at least `most`, five or so."""
    rough = max(most, 1e-9) / 5
    magnitude = 10 ** math.floor(math.log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= rough)
    return [n * step for n in range(math.ceil(most / step - 1e-9) + 1)]


class Horizontal:
    """The x axis. Logarithmic where the values span more than 20 times; a zero then stands one place before the least."""

    def __init__(self, values):
        positive = [value for value in values if value > 0]
        self.is_log = bool(positive) and max(positive) / min(positive) > 20
        self.has_zero = min(values) <= 0
        self.low = math.floor(math.log10(min(positive)) + 1e-9) if self.is_log else 0
        self.least = self.low - (1 if self.has_zero else 0) if self.is_log else 0
        self.most = math.log10(max(positive)) if self.is_log else max(values) or 1

    def at(self, value):
        place = (math.log10(value) if value > 0 else self.least) if self.is_log else value
        return LEFT + (place - self.least) / (self.most - self.least) * (WIDTH - LEFT - RIGHT)

    def ticks(self):
        if not self.is_log:
            return [(value, short(value)) for value in steps(self.most) if value <= self.most]
        decades = [10**n for n in range(self.low, math.floor(self.most + 1e-9) + 1)]
        return ([(0, "0")] if self.has_zero else []) + [(value, short(value)) for value in decades]


def line(x1, y1, x2, y2, kind):
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(x, y, content, anchor="middle", kind="", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}"{more}>{html.escape(content)}</text>'


def frame(title, x_label, y_label, horizontal, vertical, at_y):
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [text(LEFT, 26, title, "start", "title")]
    for value in vertical:
        parts += [line(LEFT, at_y(value), right, at_y(value), "grid"), text(LEFT - 8, at_y(value) + 4, short(value), "end")]
    for value, label in horizontal.ticks():
        x = horizontal.at(value)
        parts += [line(x, TOP, x, bottom, "grid"), text(x, bottom + 20, label)]
    parts += [line(LEFT, bottom, right, bottom, "axis"), line(LEFT, TOP, LEFT, bottom, "axis")]
    middle = (TOP + bottom) / 2
    return parts + [
        text((LEFT + right) / 2, HEIGHT - 16, x_label),
        text(18, middle, y_label, more=f' transform="rotate(-90 18 {middle:.1f})"')]


def curve(points, colour, horizontal, at_y):
    """The medians as a line, the ranges as bars."""
    path = " ".join(f"{horizontal.at(x):.1f},{at_y(y):.1f}" for x, y, _, _ in points)
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
    for x, y, least, most in points:
        place = horizontal.at(x)
        parts.append(f'<line x1="{place:.1f}" y1="{at_y(least):.1f}" x2="{place:.1f}" y2="{at_y(most):.1f}" stroke="{colour}"/>')
        parts.append(f'<circle cx="{place:.1f}" cy="{at_y(y):.1f}" r="3.5" fill="{colour}"/>')
    return parts


def plot(title, x_label, y_label, series):
    """`series`: name → [(x, median, least, most), …]. The y axis begins at 0."""
    horizontal = Horizontal([point[0] for points in series.values() for point in points])
    vertical = steps(max(point[3] for points in series.values() for point in points))
    at_y = lambda value: HEIGHT - BOTTOM - value / vertical[-1] * (HEIGHT - TOP - BOTTOM)
    parts = frame(title, x_label, y_label, horizontal, vertical, at_y)
    x = LEFT
    for (name, points), colour in zip(series.items(), COLOURS):
        parts += curve(points, colour, horizontal, at_y)
        if len(series) > 1:
            parts += [f'<rect x="{x}" y="36" width="12" height="12" fill="{colour}"/>', text(x + 17, 47, name, "start")]
            x += 40 + 7 * len(name)
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}">\n'
            f"<style>{STYLE}</style>\n{body}\n</svg>\n")
