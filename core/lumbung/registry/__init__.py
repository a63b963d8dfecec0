"""What is known about plugins: their manifests, where they are, who has them enabled, how they are called."""
