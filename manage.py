#!/usr/bin/env python
"""Run a management command from a checkout: `python manage.py help` lists them."""

from blogsite.__main__ import main

if __name__ == "__main__":
    main()
