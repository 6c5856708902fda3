"""The companion: an HTTP server inside DataLab that gives access to its objects.

`docs/protocol.md` specifies its protocol. Requests arrive in threads of the server, and
everything that touches DataLab's objects happens in the thread of its window.
"""
