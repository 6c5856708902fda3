"""Repairs of defects of xeus-python, one module each.

A module has one or more of these functions, which the launcher calls:

* `prepare(...)`, before the shell exists;
* `install(shell)`, when the shell exists and before any code of the user runs. It
  raises `registry.NotApplicable` if it does not find what it repairs. The order of
  these calls is set, with its reasons, in `datalab_kernel.launcher.REPAIRS`;
* `finish()`, after the kernel's event loop has ended.

The line "Upstream:" of a module's docstring gives the issue that would make the module
unnecessary: a link, or a report in `docs/upstream` that is ready to be filed. For each
repair, a test shows the defect in xeus-python itself. When that test fails, the defect
is fixed upstream and the module can be removed.
"""
