"""Instances of foreign applications: what a process needs to run here, made, described, dumped and removed.

An instance is one application for one tenant (or, where it knows tenants itself, one for all): a copy of the donated
tree, folders for its data and for generated files, an environment, a database of its own. The keeper
(`lumbung.keeper`) runs it, the gate (`lumbung.runtimes`) leads visitors to it. Why so: `docs/decisions/0032`.
"""
