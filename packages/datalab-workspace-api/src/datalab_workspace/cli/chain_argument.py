"""The chain of the command `run`, from its argument or a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_workspace.error_messages import shortened
from datalab_workspace.runtime import require

if TYPE_CHECKING:
    from datalab_workspace.batch.chains.chain import Chain
    from datalab_workspace.workspace import Workspace

_CONSTANTS = {"true": True, "false": False, "none": None}


def chain_of(argument: str, workspace: Workspace | None = None) -> Chain:
    """Return the chain that an argument of the shell stands for.

    Args:
        argument: A ``.toml`` or ``.json`` file; or steps, separated by commas. A step
            is a feature, such as "normalize" or "moving_average:n=5,mode=reflect", or
            a function: "module:function" or "file.py:function".
        workspace: The workspace with the names that ``with_`` uses.

    Raises:
        ValueError: It does not describe a chain.
        TypeError: A name is given as ``with_``, and there is no workspace.
        KeyError: The workspace has no object of this name.
        OSError: A file cannot be read.
        ImportError: There is no such module.
        AttributeError: A module or file has no such function.
    """
    from datalab_workspace.batch.chains.chain import Chain, make_chain

    path = Path(argument).expanduser()
    if path.suffix in (".toml", ".json"):
        content = _with_functions(_content(path), path.parent)
        return Chain.from_json(content, workspace=workspace)
    steps = [_step(text) for text in _steps(argument)]
    return make_chain(steps, workspace=workspace)


def _steps(argument: str) -> list[str]:
    """Return the steps of a string, each with its parameters."""
    steps: list[str] = []
    for part in argument.split(","):
        # "n=5,mode=reflect": a second parameter begins no step.
        name, separator, _ = part.partition("=")
        if steps and separator and ":" not in name:
            steps[-1] += f",{part}"
        else:
            steps.append(part.strip())
    return steps


def _step(text: str) -> Any:
    name, _, rest = text.partition(":")
    if not name:
        raise ValueError(
            "a step of the chain has no name; write the steps as in "
            "'normalize,moving_average:n=5,fwhm'"
        )
    if "=" in rest:
        return name, dict(map(_parameter, rest.split(",")))
    return _function_or_name(text, Path())


def _parameter(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise ValueError(f"{text!r:.80} is not a parameter, such as 'n=5'")
    return name.strip(), value_of(value.strip())


def value_of(text: str) -> Any:
    """Return the number, truth value, None or string that a word stands for."""
    if text.lower() in _CONSTANTS:
        return _CONSTANTS[text.lower()]
    with suppress(ValueError):
        return int(text)
    with suppress(ValueError):
        return float(text)
    return text


def _content(path: Path) -> Any:
    text = path.read_text("utf-8")
    try:
        return json.loads(text) if path.suffix == ".json" else _toml(text)
    except ValueError as error:  # both parsers raise subclasses of it
        raise ValueError(f"cannot read the chain in {str(path)!r}: {error}") from error


def _toml(text: str) -> Any:
    name = "tomllib" if sys.version_info >= (3, 11) else "tomli"
    require(name, "a chain in a TOML file", "write it as a JSON file")
    return import_module(name).loads(text)


def _with_functions(content: Any, folder: Path) -> Any:
    """Replace the places of functions in files, which are relative to a folder."""
    steps = content.get("steps") if isinstance(content, Mapping) else content
    if not isinstance(steps, list):
        return content
    found = []
    for step in steps:
        if isinstance(step, str) and ":" in step:
            found.append({"function": _function_or_name(step, folder)})
        elif isinstance(step, Mapping) and isinstance(step.get("function"), str):
            function = _function_or_name(step["function"], folder)
            found.append({**step, "function": function})
        else:
            found.append(step)
    return found


def _function_or_name(text: str, folder: Path) -> Any:
    """Return the function of "file.py:function", and any other string as it is."""
    file, _, name = text.rpartition(":")
    if not file.endswith(".py"):
        return text
    path = folder / Path(file).expanduser()
    # The module is not entered in sys.modules. So the functions are sent to the
    # workers with their code, and these need not find the file.
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None, "the suffix is that of a Python file"
    assert spec.loader is not None, "there is a file loader for this suffix"
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, name):
        raise AttributeError(f"{str(path)!r} has no function {shortened(name)}")
    return getattr(module, name)
