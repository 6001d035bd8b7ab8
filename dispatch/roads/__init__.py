"""How long it takes: extracts become networks, networks become minutes and turn lists."""
