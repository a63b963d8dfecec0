"""What may be typed on the pages of the queue, and how it is checked."""
