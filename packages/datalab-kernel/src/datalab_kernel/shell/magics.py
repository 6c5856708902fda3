"""The magics of a kernel, in addition to IPython's own."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from IPython.core import page
from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

from datalab_kernel.xeus import loopback

# A classic notebook has this object; other front ends save documents in their own way.
AUTOSAVE = "window.IPython && IPython.notebook.set_autosave_interval({milliseconds})"


@magics_class
class KernelMagics(Magics):
    """Magics that a terminal does not have, or that do something else there."""

    shell: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._last_call = ["", ""]  # for `%edit -p`; IPython changes it

    @line_magic
    def edit(self, parameter_s: str = "", last_call: Any = None) -> None:
        """Open a file, an object's source or a variable in the front end's editor.

        Usage: %edit [-x] [-r] [-n LINE] [FILE | NAME | CELLS]

        The options are those of IPython's `%edit`. The front end opens the editor, so
        the code is not run afterwards. JupyterLab ignores the request.
        """
        from IPython.core.magics.code import CodeMagics

        options, arguments = self.parse_options(parameter_s, "prn:")
        find: Any = CodeMagics._find_edit_target  # noqa: SLF001  # IPython's own
        filename, line, _ = find(
            self.shell, arguments, options, last_call or self._last_call
        )
        if filename is None:
            return
        self.shell.payload_manager.write_payload(
            {
                "source": "edit_magic",
                "filename": str(Path(filename).absolute()),
                "line_number": int(options.get("n", line) or 0),
            }
        )

    @line_magic
    def clear(self, _line: str) -> None:
        """Clear the output of the cell."""
        self.shell.display_pub.clear_output()

    @line_magic
    def less(self, line: str) -> None:
        """Show a file in the pager. Python source is coloured.

        Usage: %less FILE
        """
        self._page_file("less", line)

    @line_magic
    def more(self, line: str) -> None:
        """Show a file in the pager, as `%less` does.

        Usage: %more FILE
        """
        self._page_file("more", line)

    def _page_file(self, magic: str, line: str) -> None:
        name = line.strip()
        if not name:
            raise UsageError(f"%{magic} needs the name of a file: %{magic} FILE")
        path = Path(name).expanduser()
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".py":
            text = self.shell.pycolorize(text)
        page.page(text)

    @line_magic
    def man(self, line: str) -> None:
        """Show a page of the system's manual in the pager.

        Usage: %man PAGE
        """
        if shutil.which("man") is None:
            raise UsageError("%man: this system has no command 'man'")
        command = ["man", *shlex.split(line)]
        # `man` formats the page with overstrikes unless its output is plain text.
        manual = subprocess.run(  # noqa: S603  # the user's own command
            command,
            env={**os.environ, "MANPAGER": "cat", "PAGER": "cat", "MANWIDTH": "80"},
            capture_output=True,
            text=True,
            check=False,
        )
        page.page(manual.stdout + manual.stderr)

    @line_magic
    def connect_info(self, _line: str) -> None:
        """Print what another client needs to connect to this kernel.

        The output contains the kernel's key: do not publish it.
        """
        path = loopback.connection_file()
        if path is None:
            raise UsageError("%connect_info: the kernel has no connection file")
        sys.stdout.write(
            f"{Path(path).read_text(encoding='utf-8').strip()}\n\n"
            "Write this to a file, and connect with:\n"
            "    jupyter console --existing FILE\n"
            "or, on the same machine, with:\n"
            f"    jupyter console --existing {path}\n"
        )

    @line_magic
    def qtconsole(self, line: str) -> None:
        """Open a Qt console that is connected to this kernel.

        Usage: %qtconsole [OPTIONS OF JUPYTER QTCONSOLE]
        """
        path = loopback.connection_file()
        command = shutil.which("jupyter-qtconsole")
        if path is None or command is None:
            missing = "a connection file" if path is None else "jupyter qtconsole"
            raise UsageError(f"%qtconsole needs {missing}, which is missing")
        arguments = [command, "--existing", str(path), *shlex.split(line)]
        subprocess.Popen(arguments, start_new_session=True)  # noqa: S603  # as above

    @line_magic
    def subshell(self, _line: str) -> None:
        """Print the subshell in which the cell runs: this kernel has none."""
        sys.stdout.write("Kernel does not support subshells\n")

    @line_magic
    def autosave(self, line: str) -> None:
        """Set the interval at which a classic notebook is saved, in seconds.

        Usage: %autosave SECONDS; 0 turns it off. JupyterLab has a setting instead.
        """
        try:
            seconds = int(line)
        except ValueError:
            raise UsageError(
                f"%autosave needs a whole number of seconds, got {line!r}"
            ) from None
        script = AUTOSAVE.format(milliseconds=seconds * 1000)
        self.shell.display_pub.publish({"application/javascript": script})
        state = f"Autosaving every {seconds} seconds" if seconds else "Autosave off"
        sys.stdout.write(f"{state}\n")
