"""The officer's desk: what waits for them today, and the unit they work in."""
