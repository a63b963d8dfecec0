"""Personal data and the law on it (UU 27/2022): consents, requests, registers, retention."""
