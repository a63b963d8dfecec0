"""Services: plain functions that know neither request nor template."""
