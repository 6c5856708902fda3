"""Colormaps: those of Matplotlib, and approximations of some of them without it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_kernel_core.plotter.reduce import Array
from datalab_kernel_core.plotter.style import NO_VALUE_COLOR
from datalab_workspace.error_messages import close_matches, either
from datalab_workspace.runtime import is_installed

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

#: 33 colors at equal distances, in hexadecimal digits. The colors between them differ
#: from Matplotlib's by at most 11 of 255.
_COLORS: Mapping[str, str] = MappingProxyType(
    {
        "bone": (
            "00000007070a0e0e1315151d1c1c272323312a2a3a31314438384e3f3f58464661"
            "4d4d6b5455745b5f7b626882697289707b907785977e8f9e8598a58ca2ac93acb3"
            "9ab5baa1bfc1a9c8c8b4cfcfbfd6d6caddddd5e4e4e0ebebeaf2f2f5f9f9ffffff"
        ),
        "cividis": (
            "00224e00285b002e6a0533711a386f273e6e32436d3b496c434e6c4b546c535a6d"
            "5a5f6e61656f686a716f70737676767d7c788482798c8878938e789b9476a39a74"
            "aba072b4a76fbcae6cc4b468cdbb63d5c25edec958e7d150f0d846f9e03afee838"
        ),
        "coolwarm": (
            "3b4cc0445acc4e68d85875e16282ea6c8ff1779af782a6fb8db0fe98b9ffa3c2fe"
            "aec9fcb9d0f9c3d5f4ccd9edd5dbe5dddcdce5d8d1ecd3c5f1ccb8f5c4acf7ba9f"
            "f7b093f6a586f4987af08b6eeb7d62e46e56dd5f4bd44e41ca3b37be242eb40426"
        ),
        "gray": (
            "000000080808101010181818202020282828303030383838404040484848505050"
            "585858606060686868707070787878808080888888909090989898a0a0a0a8a8a8"
            "b0b0b0b8b8b8c0c0c0c8c8c8d0d0d0d8d8d8e0e0e0e8e8e8f0f0f0f8f8f8ffffff"
        ),
        "hot": (
            "0b00002000003500004a00005f00007400008900009e0000b30000c80000dd0000"
            "f20000ff0800ff1d00ff3200ff4700ff5c00ff7100ff8600ff9b00ffb000ffc500"
            "ffda00ffef00ffff07ffff26ffff46ffff65ffff85ffffa4ffffc4ffffe3ffffff"
        ),
        "inferno": (
            "0000040403120b0724150b37210c4a2f0a5b3d09654a0c6b57106e64156e71196e"
            "7d1e6d8a226a972766a32c61b0315bbc3754c73e4cd24644db503be45a31eb6628"
            "f1731df68013f98e09fb9d07fcac11fbbc21f9cb35f5db4cf2ea69f3f68afcffa4"
        ),
        "jet": (
            "0000800000a40000c80000ed0000ff0020ff0040ff0060ff0080ff00a0ff00c0ff"
            "00e0fb16ffe130ffc749ffad63ff947dff7a97ff60b1ff46caff2ce4ff13feed00"
            "ffd000ffb200ff9400ff7700ff5900ff3b00ff1e00e80000c400009f0000800000"
        ),
        "plasma": (
            "0d08872206903105973f049c4c02a15901a56600a77201a87e03a88a09a59511a1"
            "a01a9caa2395b32c8ebc3587c43e7fcc4778d35171da5a6ae06363e66c5ceb7655"
            "f0804ef58b47f89540fba139fdac33feb82cfdc527fcd225f8df25f4ed27f0f921"
        ),
        "turbo": (
            "30123b392a734040a24456c7466be34680f64294ff37a8fa28bceb1ccdd818ddc2"
            "1fe9af32f2984ef97d6dfe628bff4ba4fc3cb9f635cdec34dfdf37eecf3af8be39"
            "fdac34fe962bfb7e21f46617eb500edf3f08d02f05be2102a91601920b017a0403"
        ),
        "twilight": (
            "e2d9e2d7d7ddc4ced4acc2cc95b5c781a6c37297c16887be6276ba5f64b55e51ad"
            "5d3da1592a8f511b7745135c3811452f14363a113a4a13425f174a741e4f872750"
            "983550a64550b25652bb6958c27c63c89073cca389d1b6a3d8c7bedfd4d6e2d9e2"
        ),
        "viridis": (
            "440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d"
            "2f6b8e2c728e297a8e26828e23898e21918c1f988b1fa08822a78528ae8032b67a"
            "3fbc734ec36b5ec96270cf5784d44b98d83eaddc30c2df23d8e219ece51bfde725"
        ),
    }
)
#: The end of the name of a reversed colormap.
_REVERSED = "_r"


def known_colormap(name: str) -> str | None:
    """Return the usual spelling of a colormap's name, or None if it is unknown."""
    names = _names()
    if name in names:
        return name
    # PlotPy ignores the case of names.
    spellings = {known.lower(): known for known in names}
    return spellings.get(name.lower())


def checked_colormap(name: str) -> str:
    """Return the usual spelling of a colormap's name.

    Raises:
        ValueError: No colormap has this name.
    """
    known = known_colormap(name)
    if known is not None:
        return known
    names = _names()
    if not is_installed("matplotlib"):
        raise ValueError(
            f"the colormap {name!r:.80} needs Matplotlib, which is not installed here; "
            f"without it there are {', '.join(sorted(_COLORS))}"
        )
    close = close_matches(name, names)
    hint = f"; did you mean {either(map(repr, close))}?" if close else ""
    raise ValueError(f"Matplotlib has no colormap {name!r:.80}{hint}")


def colormap(name: str) -> Colormap:
    """Return a colormap of Matplotlib, with a color for pixels without a value."""
    import matplotlib

    return matplotlib.colormaps[name].with_extremes(bad=NO_VALUE_COLOR)


def palette(name: str, count: int) -> Array:
    """Return the colors of a colormap.

    Args:
        name: A name that `known_colormap` returns.
        count: The number of colors.

    Returns:
        uint8, shape (count, 3): red, green, blue.
    """
    if is_installed("matplotlib"):
        colors: Any = colormap(name).resampled(count)(np.arange(count))[:, :3] * 255
    else:
        plain = name.removesuffix(_REVERSED)
        anchors = np.frombuffer(bytes.fromhex(_COLORS[plain]), np.uint8).reshape(-1, 3)
        if name != plain:
            anchors = anchors[::-1]
        positions = np.linspace(0, len(anchors) - 1, count)
        rows = [np.interp(positions, range(len(anchors)), c) for c in anchors.T]
        colors = np.transpose(rows)
    rounded: Array = np.rint(colors).astype(np.uint8)
    return rounded


def _names() -> list[str]:
    if is_installed("matplotlib"):
        import matplotlib

        return list(matplotlib.colormaps)
    return [*_COLORS, *(f"{name}{_REVERSED}" for name in _COLORS)]
