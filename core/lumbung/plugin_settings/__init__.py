"""Settings of plugins: values for the whole platform, a tenant or a unit, as the manifest's ``[[settings]]`` declares.

`reading` answers a plugin (``lumbung.sdk.setting``), `services` shows and changes values for people. Why so:
`docs/decisions/0028`.
"""
