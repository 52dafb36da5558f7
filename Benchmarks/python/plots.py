"""Line charts as SVG, several beside each other. Standard library only."""

import html
import math

COLOURS = ["#d9480f", "#1864ab", "#2b8a3e", "#862e9c"]
WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, BOTTOM = 58, 16, 34, 46


def ticks(most):
    """Round numbers from 0 to beyond `most`."""
    step = 10 ** math.floor(math.log10(most / 3))
    step *= next(factor for factor in (1, 2, 5, 10) if most / (step * factor) <= 5)
    return [step * number for number in range(math.floor(most / step) + 2)]


def text(x, y, words, **attributes):
    extra = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{extra}>{html.escape(words)}</text>'


def panel(chart, left, top):
    """One chart: `title`, `x`, `y` (the names of its axes) and `series`, name to points. Places on the x axis are
    logarithmic where they double."""
    xs = sorted({x for points in chart["series"].values() for x, _ in points})
    marks = ticks(max(y for points in chart["series"].values() for _, y in points))
    is_log = xs[0] > 0 and xs[-1] / xs[0] >= 8
    low, high = (math.log2(xs[0]), math.log2(xs[-1])) if is_log else (xs[0], xs[-1])
    inner, depth = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(x, y):
        along = ((math.log2(x) if is_log else x) - low) / (high - low) if high > low else 0.5
        return left + LEFT + along * inner, top + TOP + (1 - y / marks[-1]) * depth

    parts = [text(left + LEFT, top + 18, chart["title"], font_weight="bold")]
    for mark in marks:
        y = place(xs[0], mark)[1]
        parts.append(f'<path d="M{left + LEFT} {y:.1f}h{inner}" stroke="#ddd"/>')
        parts.append(text(left + LEFT - 6, y + 4, f"{mark:.3g}", text_anchor="end"))
    for x in xs:
        parts.append(text(place(x, 0)[0], top + HEIGHT - BOTTOM + 16, f"{x:g}", text_anchor="middle"))
    parts.append(text(left + LEFT + inner / 2, top + HEIGHT - 10, chart["x"], text_anchor="middle"))
    parts.append(text(left + WIDTH - RIGHT, top + 18, chart["y"], text_anchor="end", fill="#666"))
    for number, (name, points) in enumerate(chart["series"].items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [place(x, y) for x, y in sorted(points)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        parts.append(text(left + LEFT + 100 + 70 * number, top + 18, name, fill=colour))
    return parts


def svg(charts, heading, columns=2):
    """The text of a file."""
    rows = math.ceil(len(charts) / columns)
    width, height = columns * WIDTH, rows * HEIGHT + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' font-family="sans-serif" font-size="12" fill="#222">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>', text(12, 20, heading, fill="#666"),
    ]
    for number, chart in enumerate(charts):
        parts += panel(chart, number % columns * WIDTH, 30 + number // columns * HEIGHT)
    return "\n".join(parts + ["</svg>"]) + "\n"
