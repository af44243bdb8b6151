"""One file for each step; a new one goes behind the newest, whose revision it names."""
