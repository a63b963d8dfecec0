"""The rules of the queue as pure functions: no database, no request, no clock."""
