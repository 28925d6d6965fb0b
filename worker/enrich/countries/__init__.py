"""Which countries a text is about, with the evidence for each. Pure, offline, deterministic."""
