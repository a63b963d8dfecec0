"""Signing in with the identity of another: a national or provincial provider of OpenID Connect, mapped to people here.

`models` are the tables, `discovery` learns what a provider can do, `proof` believes or refuses what it says of a
person, `flow` leads there and back, `mapping` finds whose identity it is here, `services` is for administrators.
Why it is so: `docs/decisions/0021-upstream-identity.md`.
"""
