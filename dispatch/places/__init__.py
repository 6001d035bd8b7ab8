"""Where people may be: names, addresses, coordinates and how far each can be trusted."""
