"""Who is served here: regional governments, their host names, their units."""
