"""The IPython extension: `%load_ext datalab_kernel_core` or `datalab_kernel`.

Both names lead here, and both are about the same namespace: loading one after the
other, again, or inside a DataLab kernel changes nothing. What a shell was given is
kept for as long as the shell lives, so that neither unloading nor `%reset` loses data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from datalab_kernel_core import submodules
from datalab_kernel_core.display import formatters
from datalab_kernel_core.namespace import Namespace

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_namespaces: WeakKeyDictionary[InteractiveShell, Namespace] = WeakKeyDictionary()
_loaded: WeakSet[InteractiveShell] = WeakSet()


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Inject the names that the shell does not have, and make `sigima.proc` work.

    Args:
        ip: The shell. A variable of the user that has one of the names is kept, with
            a warning.
    """
    if ip not in _namespaces:
        _namespaces[ip] = Namespace(ip)
        _inject_after_resets(ip)
    submodules.install()
    formatters.install(ip)
    _loaded.add(ip)
    _namespaces[ip].inject()


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Remove the names that are still what was injected.

    Args:
        ip: The shell. Its workspace is kept: loading the extension brings it back.
    """
    if ip in _namespaces:
        _namespaces[ip].withdraw()
        formatters.uninstall(ip)
    _loaded.discard(ip)
    if not _loaded:
        submodules.uninstall()


def _inject_after_resets(ip: InteractiveShell) -> None:
    """Have `%reset` bring the names back, as it does IPython's own."""
    shell: Any = ip  # IPython's own methods are not typed
    begin_anew = shell.init_user_ns

    def init_user_ns() -> None:
        begin_anew()
        if ip in _loaded:
            _namespaces[ip].inject()

    shell.init_user_ns = init_user_ns
