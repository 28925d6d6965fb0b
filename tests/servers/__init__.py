"""Real servers for tests: found on the machine, or started on a free port and stopped at the end."""
