"""Requests of the tests, answered one by one; runs in DataLab's environment.

A request and its answer are one line of JSON each, over standard input and output.
Whatever else is printed goes to standard error, which the tests keep as a log.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

Handler = Callable[..., Any]


class Server:
    """Answers requests until standard input ends.

    Made before anything else is imported, so that no library's greeting is taken for
    an answer.
    """

    def __init__(self) -> None:
        self._answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def serve(self, handlers: Mapping[str, Handler]) -> None:
        """Say that all is ready, then answer.

        Args:
            handlers: What to call for each command, with the request's arguments. A
                handler's exception is the answer to its request, no end.
        """
        self._answer({"ready": True})
        for line in sys.stdin:
            request = json.loads(line)
            try:
                result = handlers[request["command"]](**request["arguments"])
            except Exception:  # noqa: BLE001  the test that asked will tell
                self._answer({"error": traceback.format_exc()})
            else:
                self._answer({"result": result})

    def _answer(self, answer: dict[str, Any]) -> None:
        self._answers.write(json.dumps(answer) + "\n")
        self._answers.flush()
