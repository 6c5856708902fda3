"""The picture of a panel that a notebook file keeps: its first rows, as SVG.

The strings stay strings in SVG, so that no fonts are needed to draw them, and the
browser draws the letters of every script.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from datalab_kernel_core.display.png import Picture
from datalab_kernel_core.display.short_text import count, html, shorten, shorten_middle

#: The largest number of rows of a picture.
MOST_ROWS = 20
_WIDTH, _ROW, _BASELINE = 760, 34, 22
_THUMBNAIL_LEFT, _THUMBNAIL_SIDES, _NAME_LEFT = 18, (96, 32), 132
#: The right ends of the columns, by entry of a row.
_COLUMNS = {"dtype": 512, "shape": 624, "size": 696, "id": 748}
_NAME_RIGHT, _NAME_LENGTH = 440, 44
_COLORS = {"text": "#1b1b1b", "dim": "#555", "line": "#d0d0d0", "raised": "#f4f4f4"}
_FONT = "font-family='system-ui,sans-serif' font-size='13'"
#: The largest number of characters of the alternative text.
_MOST_CHARACTERS = 600
#: Characters that may stand as they are in a URL between quotes.
_SAFE = " !'()*,/:;=?@"


@dataclass(frozen=True)
class SavedPicture:
    """The picture of a panel.

    Attributes:
        heading: The first line.
        rows: The first rows of the panel; see `Rows.window`.
        hidden: The number of rows that follow.
        thumbnails: The thumbnails of objects, by UUID.
    """

    heading: str
    rows: Sequence[Mapping[str, Any]]
    hidden: int
    thumbnails: Mapping[str, Picture]

    @property
    def alternative(self) -> str:
        """Alternative text for screen readers: the heading and the names."""
        text, between = self.heading, ""
        for row in self.rows:
            is_group = row["level"] == 1
            text += f"; {_title(row)}" if is_group else f"{between}{row['name']}"
            between = ": " if is_group else ", "
        more = f"; {self.hidden} more rows" if self.hidden else ""
        return shorten(text, _MOST_CHARACTERS) + more

    def element(self) -> str:
        """Return HTML that shows the picture."""
        source = f"data:image/svg+xml,{quote(self.svg(), safe=_SAFE)}"
        return (
            f'<img src="{source}" alt="{escape(self.alternative)}" width="{_WIDTH}" '
            f'height="{self._height}" style="max-width:100%;height:auto">'
        )

    @property
    def _height(self) -> int:
        return _ROW * (1 + len(self.rows) + bool(self.hidden))

    def svg(self) -> str:
        """Return the picture as a file of SVG."""
        size = f"width='{_WIDTH}' height='{self._height}'"
        lines = [
            f"<svg xmlns='http://www.w3.org/2000/svg' {size} {_FONT}>",
            _rectangle(0, self._height - 1, "#fff", stroke=_COLORS["line"]),
            _text(self.heading, 10, 0, color="dim"),
        ]
        for number, row in enumerate(self.rows, 1):
            lines += self._row(row, number * _ROW)
        if self.hidden:
            more = f"{self.hidden} more rows"
            lines.append(_text(more, _NAME_LEFT, self._height - _ROW, color="dim"))
        return "\n".join([*lines, "</svg>"])

    def _row(self, row: Mapping[str, Any], top: int) -> Iterator[str]:
        if row["level"] == 1:
            yield _rectangle(top, _ROW, _COLORS["raised"])
            yield _text(_title(row), 10, top, weight="600", right=_NAME_RIGHT)
            number = count(row["count"], row["kind"])
            yield _text(number, _COLUMNS["id"], top, color="dim", end=True)
        else:
            yield from self._object(row, top)
        yield f"<path d='M0 {top}h{_WIDTH}' stroke='{_COLORS['line']}'/>"

    def _object(self, row: Mapping[str, Any], top: int) -> Iterator[str]:
        picture = self.thumbnails.get(row["key"])
        if picture is not None:
            yield _image(picture, top)
        if row["selected"]:
            yield _text("●", _NAME_LEFT - 14, top, color="dim")
        name = shorten_middle(row["name"], _NAME_LENGTH)
        yield _text(name, _NAME_LEFT, top, right=_NAME_RIGHT)
        for entry, right in _COLUMNS.items():
            text = str(row.get(entry) or "")
            yield _text(text, right, top, color="dim", end=True)


def _title(row: Mapping[str, Any]) -> str:
    return str(row["name"] or f"{row['kind']}s")


def _rectangle(top: float, height: float, color: str, stroke: str = "none") -> str:
    return (
        f"<rect x='.5' y='{top + 0.5}' width='{_WIDTH - 1}' height='{height}' "
        f"fill='{color}' stroke='{stroke}'/>"
    )


def _text(
    text: str,
    x: int,
    top: int,
    *,
    color: str = "text",
    weight: str = "400",
    end: bool = False,
    right: int = _WIDTH,
) -> str:
    """Return a line of text; what is longer than its column is not visible."""
    anchor = " text-anchor='end'" if end else ""
    left = 0 if end else x
    return (
        f"<svg x='{left}' y='{top}' width='{right - left}' height='{_ROW}'>"
        f"<text x='{x - left}' y='{_BASELINE}' fill='{_COLORS[color]}' "
        f"font-weight='{weight}'{anchor}>{html(text, 200)}</text></svg>"
    )


def _image(picture: Picture, top: int) -> str:
    width, height = _THUMBNAIL_SIDES
    scale = min(width / picture.width, height / picture.height, 1)
    shown = picture.width * scale, picture.height * scale
    x = _THUMBNAIL_LEFT + (width - shown[0]) / 2
    y = top + (_ROW - shown[1]) / 2
    return (
        f"<image x='{x:.1f}' y='{y:.1f}' width='{shown[0]:.1f}' "
        f"height='{shown[1]:.1f}' "
        f"href='data:image/png;base64,{b64encode(picture.png).decode()}'/>"
    )


def heading(objects: int) -> str:
    """Return the first line of a picture."""
    return f"Workspace, {count(objects, 'object')}"
