"""A replacement for debugpy's adapter, which runs in a process of its own.

Upstream: docs/upstream/debug_adapter.md, docs/upstream/copy_to_globals.md
"""
