"""Repairs of what xeus-python gets wrong, one module each.

A module offers `install(shell)`, called once before any code of the user runs, or
`finish()`, called after the kernel's loop has ended. `install` raises
`registry.NotApplicable` where it does not find what it would repair. Each has a test
that shows the defect in xeus-python itself: when that test fails, upstream is cured
and the module can go.
"""
