"""What is done to plugins: a wheel is inspected and unpacked, installed, enabled, disabled, uninstalled."""
