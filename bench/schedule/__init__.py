"""`make sim-schedule`: a year of feeds under the rules of five readers."""
