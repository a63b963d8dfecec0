"""What is told to one person: kept for them in the portal, and sent by e-mail where they wish."""
