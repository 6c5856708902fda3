"""The IPython extension: `%load_ext datalab_kernel_core` or `datalab_kernel`.

Both names load the same extension. It has no further effect to load both, to load one
again, or to load one in a DataLab kernel, which loads the extension itself. A shell
keeps its workspace until it ends, so that neither `%unload_ext` nor `%reset` loses
data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from datalab_kernel_core import cells, recovery, submodules, tracebacks
from datalab_kernel_core.browse import registration
from datalab_kernel_core.display import formatters
from datalab_kernel_core.namespace import namespace_of, namespaces
from datalab_workspace.runtime import IN_BROWSER

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_prepared: WeakSet[InteractiveShell] = WeakSet()
_loaded: WeakSet[InteractiveShell] = WeakSet()


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Inject the names that the shell does not have, and make `sigima.proc` work.

    Args:
        ip: The shell. The user's own variables are kept, with a warning.
    """
    namespace = namespace_of(ip)
    if ip not in _prepared:
        _prepared.add(ip)
        _inject_after_resets(ip)
        recovery.install(ip)
        if IN_BROWSER:
            from datalab_kernel_core.in_browser import registration as in_browser

            in_browser.install(ip, namespace.current_workspace)
    submodules.install()
    formatters.install(ip)
    registration.install()
    tracebacks.install(ip)
    cells.install(ip)
    _loaded.add(ip)
    namespace.inject()


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Remove the injected names that the user did not rebind.

    Args:
        ip: The shell. It keeps its workspace, which the next loading injects again.
    """
    namespace = namespaces.get(ip)
    if namespace is not None:
        namespace.withdraw()
        formatters.uninstall(ip)
        tracebacks.uninstall(ip)
        cells.uninstall(ip)
    _loaded.discard(ip)
    if not _loaded:
        submodules.uninstall()


def _inject_after_resets(ip: InteractiveShell) -> None:
    """Make `%reset` inject the names again, as it does with IPython's own."""
    shell: Any = ip  # IPython's own methods are not typed
    reset = shell.init_user_ns

    def init_user_ns() -> None:
        reset()
        if ip in _loaded:
            namespace_of(ip).inject()

    shell.init_user_ns = init_user_ns
