"""Repairs of what xeus-python gets wrong, one module each.

Every module offers `install(shell)`, called once, before any code of the user
runs. Each has a test that shows the defect in xeus-python itself: when that test
fails, upstream is cured and the module can go.
"""
