"""How a plugin runs. `inline`: its own Flask app in this process, made at its first request."""
