"""What every room's Flask app is made of: the portal's and each plugin's alike."""
