"""Run the examples of docstrings as in a page; print the names whose examples fail."""

from __future__ import annotations

import page  # noqa: F401  isort: skip  first, because it changes what the others import
import os
import re
import sys
import tempfile
from importlib import import_module
from pathlib import Path

_PLACE = re.compile(r"^File .*, in ([\w.]+)$", re.MULTILINE)


def main() -> None:
    """Run the examples of the modules that the command line names."""
    sys.path.append(str(Path(__file__).parents[3]))
    from support.docstring_examples import failures

    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            for report in failures(import_module(name)):
                for found in dict.fromkeys(_PLACE.findall(report)):
                    sys.stdout.write(f"{found}\n")
            os.chdir("/")


if __name__ == "__main__":
    main()
