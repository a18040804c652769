"""`python -m limen.paper_repro` is the command `limen`."""

from .cli import main

if __name__ == "__main__":
    main()
