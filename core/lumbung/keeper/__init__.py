"""The keeper: the process that starts instances of foreign applications, watches them and stops them."""
