"""What the government tells everybody: from one moment until another, in the languages of the tenant."""
