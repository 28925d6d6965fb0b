"""`make sim-schedule`: 10,000 feeds over a year under the rules of five readers."""
