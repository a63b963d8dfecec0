"""What is wrong with this site, why it matters, and what mends it: one function for each thing that is looked at."""
