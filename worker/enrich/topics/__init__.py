"""Topics of a text, as codes of IPTC's Media Topics. `tagging` has the whole; names alone need no numpy."""
