"""What the plugin in DataLab does: a menu that opens notebooks attached to the window.

In DataLab's process run `menu`, what the user sees; `control`, what the window knows of
its server; `connection`, how a notebook finds the window; `jupyter`, whether there can
be a server; and `server`, the handle of its process. In that process runs `serving`,
with `notebook` and `browser`.
"""
