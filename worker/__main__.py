"""`python -m worker` is `feedmill`."""

from worker.cli import main

if __name__ == "__main__":  # the pool's children import this module again under another name
    main()
