"""Who is asking: people, their roles, how they sign in and how long it lasts."""
