"""A second proof of who one is: codes of an app, recovery codes, passkeys, and the roles that must have one."""
