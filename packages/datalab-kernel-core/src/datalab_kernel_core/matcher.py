"""The matcher that IPython calls first to complete the DataLab names.

The code that completes is imported when a completion is requested, because a new kernel
should be ready before that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.completer import context_matcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.completer import CompletionContext, SimpleMatcherResult

    from datalab_kernel_core.completion import Variables

    Matcher = Callable[[CompletionContext], SimpleMatcherResult]

# IPython's own matchers have priority 0.
PRIORITY = 100


def datalab_matcher(make_variables: Callable[[], Variables]) -> Matcher:
    """Return a matcher for `IPCompleter.custom_matchers`.

    Args:
        make_variables: It returns the variables of the shell; it is called once, for
            the first completion.
    """
    made: list[Variables] = []

    @context_matcher(identifier="datalab_kernel_core.datalab_names", priority=PRIORITY)  # type: ignore[untyped-decorator]  # IPython's
    def datalab_names(context: CompletionContext) -> SimpleMatcherResult:
        from datalab_kernel_core import completion

        if not made:
            made.append(make_variables())
        return completion.answer(context, made[0])

    matcher: Matcher = datalab_names
    return matcher
