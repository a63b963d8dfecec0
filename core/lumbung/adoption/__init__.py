"""Adopting an application that nobody here wrote: looking at it, asking what is missing, making a plugin of it."""
