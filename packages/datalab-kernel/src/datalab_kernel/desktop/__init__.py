"""DataLab's plugin: a menu that opens notebooks attached to the window.

These modules run in DataLab's process:

* `jupyter` checks whether a Jupyter server can run;
* `menu` is the part that the user sees;
* `connection` collects the settings by which a notebook finds the window;
* `control` keeps the window's server and shows its messages by `dialogs`;
* `launch` starts the server's process;
* `server` attaches the window to the server and sends requests to it by `rest`;
* `leftover` finds servers that outlived the window that used them.

`jupyter_app` is the program of the server's process. Its `handlers` pass the requests
of windows to `service`, which uses `notebook` to create notebooks and `browser` to show
them. `kernels` starts kernels with the variables of the window, and `lifetime` ends an
unused server. Both sides use `protocol` and `record`. `activity` describes the kernels
that run.
"""
