"""The one shared PostgreSQL database: engines, roles, sessions bound to a tenant, models that belong to one."""
