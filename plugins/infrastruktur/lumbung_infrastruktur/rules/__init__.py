"""Rules that ask neither database nor request."""
