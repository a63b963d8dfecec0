"""Things to print and to take away: spreadsheets, QR codes."""
