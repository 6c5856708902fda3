"""What can be chosen about a picture."""

from __future__ import annotations

from dataclasses import dataclass, fields

from datalab_workspace.record import Record


@dataclass(frozen=True)
class Options:
    """The options of `Plotter.plot`, each None where the object's own value holds.

    Attributes:
        title: Title of the picture.
        xlabel: Label of the x axis; `ylabel`, `zlabel` likewise.
        xunit: Unit of the x axis; `yunit`, `zunit` likewise.
        colormap: Name of a Matplotlib colour map.
        roi: Whether to draw the regions of interest.
        results: Whether to draw the geometry results of analyses.
        annotations: Whether to draw what was drawn over the object in DataLab.
        shared_scale: Whether images drawn together have the same range of colours.
    """

    title: str | None = None
    xlabel: str | None = None
    ylabel: str | None = None
    zlabel: str | None = None
    xunit: str | None = None
    yunit: str | None = None
    zunit: str | None = None
    colormap: str | None = None
    roi: bool = True
    results: bool = True
    annotations: bool = True
    shared_scale: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            wanted = bool if isinstance(field.default, bool) else str
            if value is not field.default and not isinstance(value, wanted):
                raise TypeError(
                    f"{field.name}={value!r:.60} must be of type {wanted.__name__}"
                )

    def only_for_images(self) -> list[str]:
        """Return the names of the options given that no signal has a use for."""
        names = ("zlabel", "zunit", "colormap")
        given = [name for name in names if getattr(self, name) is not None]
        return [*given, *["shared_scale"] * self.shared_scale]

    def text(self, record: Record, name: str) -> str:
        """Return a title, label or unit: the one chosen, else the object's own."""
        chosen = getattr(self, name)
        text = record.fields.get(name) if chosen is None else chosen
        return "" if text is None else str(text)
