"""A pipeline drawn: as text for the terminal, and as SVG."""

import html

from nbops.jobs.pipeline.graph import Edge, Graph
from nbops.jobs.pipeline.layout import Layout, Place, lay_out
from nbops.views.text import cut

_WIDTH, _HEIGHT = 176, 44
_ACROSS, _DOWN = 150, 34
_MARGIN = 16
_LONGEST = 22
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1b1f24}"
    ".soft{font-size:11px;fill:#57606a}"
    ".on{paint-order:stroke;stroke:#fff;stroke-width:4px}"
    "rect{fill:#f6f8fa;stroke:#57606a;rx:6px}"
    "path{fill:none;stroke:#8c959f;stroke-width:1.5}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.soft{fill:#9198a1}.on{stroke:#0d1117}"
    "rect{fill:#161b22;stroke:#9198a1}}"
)


def show_graph(graph: Graph) -> str:
    """Each step with what it hands on, and to whom."""
    lines = []
    for step in graph.steps:
        lines.append(f"{step}  ({graph.notebooks[step]})")
        out = [edge for edge in graph.edges if edge.source == step]
        lines += [
            f"{'└' if edge is out[-1] else '├'}─ {', '.join(edge.files) or 'then'} → {edge.target}"
            for edge in out
        ]
    return "\n".join(lines)


def draw_svg(graph: Graph) -> str:
    """The steps as boxes from left to right, the files on the lines between them."""
    layout = lay_out(graph)
    width = 2 * _MARGIN + layout.layers * (_WIDTH + _ACROSS) - _ACROSS
    height = 2 * _MARGIN + layout.rows * (_HEIGHT + _DOWN) - _DOWN
    edges = "".join(_draw_edge(edge, layout) for edge in graph.edges)
    steps = "".join(_draw_step(step, graph.notebooks[step], layout) for step in graph.steps)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img"><title>{html.escape(graph.name)}</title>'
        f"<style>{_STYLE}</style>{_ARROW}{edges}{steps}</svg>\n"
    )


_ARROW = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
    ' orient="auto"><path d="M0,0L8,4L0,8z" style="fill:#8c959f;stroke:none"/></marker></defs>'
)


def _corner(place: Place) -> tuple[int, int]:
    return _MARGIN + place[0] * (_WIDTH + _ACROSS), _MARGIN + place[1] * (_HEIGHT + _DOWN)


def _draw_step(step: str, notebook: str, layout: Layout) -> str:
    x, y = _corner(layout.steps[step])
    return (
        f"<g><title>{html.escape(f'{step}: {notebook}')}</title>"
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}"/>'
        f'<text x="{x + 10}" y="{y + 19}">{html.escape(cut(step, _LONGEST))}</text>'
        f'<text class="soft" x="{x + 10}" y="{y + 35}">{html.escape(cut(notebook, _LONGEST + 4))}'
        "</text></g>"
    )


def _draw_edge(edge: Edge, layout: Layout) -> str:
    """A smooth line from side to side, level where it passes a layer; the first file's name on it."""
    x, y = _corner(layout.steps[edge.source])
    here = (x + _WIDTH, y + _HEIGHT // 2)
    path = f"M{here[0]},{here[1]}"
    stops: list[tuple[tuple[int, int], int]] = []
    for place in layout.ways[edge.source, edge.target]:
        x, y = _corner(place)
        stops.append(((x, y + _HEIGHT // 2), _WIDTH))
    x, y = _corner(layout.steps[edge.target])
    stops.append(((x, y + _HEIGHT // 2), 0))
    label = _label(edge, here, stops[0][0])
    for (x, y), level in stops:
        middle = (here[0] + x) // 2
        path += f"C{middle},{here[1]} {middle},{y} {x},{y}"
        path += f"H{x + level}" if level else ""
        here = (x + level, y)
    told = html.escape(", ".join(edge.files) or "comes after")
    return f'<g><title>{told}</title><path d="{path}" marker-end="url(#tip)"/>{label}</g>'


def _label(edge: Edge, start: tuple[int, int], end: tuple[int, int]) -> str:
    if not edge.files:
        return ""
    more = f" +{len(edge.files) - 1}" if len(edge.files) > 1 else ""
    name = cut(edge.files[0].rpartition("/")[2], _LONGEST - len(more)) + more
    x, y = (start[0] + end[0]) // 2, (start[1] + end[1]) // 2 - 5
    return f'<text class="soft on" x="{x}" y="{y}" text-anchor="middle">{html.escape(name)}</text>'
