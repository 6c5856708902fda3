"""DataLab's plugin: a menu that opens notebooks attached to the window.

These modules run in DataLab's process: `menu`, which the user sees; `control`, which
keeps the window's server; `connection`, which describes the window to a notebook;
`jupyter`, which checks whether a server is possible; and `server`, the handle of the
server's process. `serving` runs in that process, with `notebook` and `browser`.
"""
