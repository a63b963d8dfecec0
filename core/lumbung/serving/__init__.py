"""Serving a site: one supervisor that looks after the database, the web server and the job worker."""
