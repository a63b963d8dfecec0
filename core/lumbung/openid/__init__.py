"""OpenID Connect: the provider for donated and mobile apps, and the client of an upstream identity."""
