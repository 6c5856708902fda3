"""The verdict of a replay as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.short_text import html, number
from datalab_workspace.history.replay.verdict import Replay

_LENGTH = 300


def replay_html(replay: Replay) -> str:
    """Return the verdict of a replay as HTML."""
    rows = [("verdict", f"<b>{html(replay.verdict)}</b>")]
    if replay.reason:
        rows.append(("reason", html(replay.reason, _LENGTH)))
    if replay.largest is not None:
        rows.append(("largest difference", escape(number(replay.largest))))
    if any(replay.allowed):
        rows.append(("allowed", " + ".join(_allowed(*replay.allowed))))
    if replay.differs_from:
        rows.append(("different already", html(replay.differs_from)))
    if replay.steps:
        count = f"{replay.steps} in {replay.seconds:.2g} s"
        rows.append(("steps", count))
    if replay.inputs:
        rows.append(("inputs", ", ".join(map(html, replay.inputs[:12]))))
    rows += [("versions", _versions(replay.versions))]
    if replay.recorded != replay.versions:
        rows.append(("recorded", _versions(replay.recorded) or "none"))
    return markup.page(markup.heading(html(replay.name)), markup.properties(rows))


def replay_text(replay: Replay) -> str:
    """Return the verdict of a replay as text."""
    return repr(replay)


def _allowed(absolute: float, relative: float) -> list[str]:
    parts = [number(absolute)] if absolute else []
    return [*parts, f"{number(relative)} of the value"] if relative else parts


def _versions(versions: Mapping[str, str]) -> str:
    shown = (f"{name} {version}" for name, version in versions.items())
    return html(", ".join(shown), _LENGTH)
