"""Forms, by reader."""
