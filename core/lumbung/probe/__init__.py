"""The other side of `lumbung.lifecycle.probing`: donated code runs here for the first time, in a process with limits.

Started as ``python -m lumbung.probe``; nothing of the house imports it. `__main__` waits for packages to look at,
`jail` makes a process for each, `checks` is what happens there.
"""
