"""The working calendar of a tenant: the days off that the state decrees, and what its office makes of them."""
