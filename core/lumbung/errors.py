"""The errors a person may see. Each is one sentence that says what happened, where, and what to do."""


class LumbungError(Exception):
    """Something an operator can mend: the command line prints it and exits 1, a page shows it as it is."""


class ConfigurationError(LumbungError):
    """A setting has a value that cannot work; the message names the setting."""


class DatabaseUnavailable(LumbungError):
    """The database does not answer; pages turn this into 503 with Retry-After."""


class DomainError(Exception):
    """A rule of the office said no (no seats left, wrong day). A page shows it and nothing is written.

    The message is already translated and addressed to the person who asked.
    """
