"""Chains as data for JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from datalab_workspace.batch.chains.steps import FunctionStep, Step

if TYPE_CHECKING:
    from datalab_workspace.batch.chains.chain import Chain
    from datalab_workspace.workspace import Workspace


def encoded(chain: Chain) -> dict[str, Any]:
    """Return a chain as data for JSON; see `Chain.as_json`."""
    return {"steps": [_encoded(step) for step in chain.steps]}


def _encoded(step: Step) -> dict[str, Any]:
    if isinstance(step, FunctionStep):
        return _encoded_function(step)
    content: dict[str, Any] = {"feature": step.name}
    if step.values:
        content["parameters"] = {
            name: _plain(value) for name, value in step.values.items()
        }
    if step.given is not None:
        content["param"] = _parameter_object(step.given)
    if step.second is not None:
        content["with"] = {"title": step.second.title, "uuid": step.second.uuid}
    return content


def _encoded_function(step: FunctionStep) -> dict[str, Any]:
    function = step.function
    module = getattr(function, "__module__", None)
    path = getattr(function, "__qualname__", "")
    named = bool(module) and module != "__main__" and path.isidentifier()
    content: dict[str, Any] = {"function": f"{module}:{path}" if named else step.name}
    if step.values:
        content["parameters"] = {
            name: _plain(value) for name, value in step.values.items()
        }
    if step.source:
        content["source"] = step.source
    return content


def _plain(value: Any) -> Any:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        item = getattr(value, "item", None)
        size = getattr(value, "size", None)
        return item() if callable(item) and size == 1 else f"{value!r:.200}"
    return value


def _parameter_object(given: Any) -> Any:
    if isinstance(given, Sequence) and not isinstance(given, str):
        return [_parameter_object(one) for one in given]
    if isinstance(given, Mapping):
        return {str(name): _plain(value) for name, value in given.items()}
    from guidata.dataset import dataset_to_json

    return json.loads(dataset_to_json(given))


def decoded(content: Any, workspace: Workspace | None = None) -> Chain:
    """Return a chain from data of JSON or TOML; see `Chain.from_json`."""
    from datalab_workspace.batch.chains.chain import make_chain

    steps = content.get("steps") if isinstance(content, Mapping) else content
    if isinstance(steps, str) or not isinstance(steps, Sequence):
        raise ValueError(  # noqa: TRY004  # it is the content of a file
            "a chain is a list of steps, or has an entry 'steps' with such a list"
        )
    return make_chain([_decoded(step) for step in steps], workspace=workspace)


def _decoded(step: Any) -> Any:
    if isinstance(step, str):
        return step
    known = {"feature", "function", "parameters", "param", "source"}
    if not isinstance(step, Mapping) or not {"feature", "function"} & step.keys():
        raise ValueError(
            "expected the name of a feature, or an entry 'feature' or 'function', for "
            f"a step of a chain, got {step!r:.80}"
        )
    if unknown := step.keys() - known:
        raise ValueError(
            f"a step of a chain has an unknown entry {min(map(str, unknown))!r:.80}; "
            "the entries are 'feature' or 'function', and 'parameters'"
        )
    what = step.get("feature") or step["function"]
    parameters = step.get("parameters")
    if step.get("param") is not None:
        parameters = {**(parameters or {}), "param": _restored(step["param"])}
    return what if parameters is None else (what, dict(parameters))


def _restored(param: Any) -> Any:
    if isinstance(param, list):
        return [_restored(one) for one in param]
    return {
        name: value
        for name, value in param.items()
        if name not in ("class_module", "class_name")
    }
