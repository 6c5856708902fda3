"""DataLab's plugin: a menu that opens notebooks attached to the window.

These modules run in DataLab's process:

* `jupyter` checks whether a Jupyter server can run;
* `menu` is the part that the user sees;
* `connection` collects the settings by which a notebook finds the window;
* `control` keeps the window's server and shows its messages;
* `server` starts the server's process and sends requests to it.

`jupyter_app` is the program of the server's process. It uses `notebook` to create
notebooks and `browser` to show them. Both sides use `protocol`.
"""
