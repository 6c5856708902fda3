"""The IPython shell of the kernel, and what xeus-python's C++ code calls in its place.

`application` makes the shell, `interactive`, with its `display` and its `magics`, and
`recognition` lets libraries recognise it. `endpoint` is the object that xeus-python
calls: it puts each request in the `queue`, which runs the cells one after the other.
`reply` turns the result of a cell into its reply, and `safe_json` converts everything
that leaves the kernel to valid JSON. Libraries find `kernel` as `get_ipython().kernel`.
"""
