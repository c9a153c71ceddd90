"""`tallystick` and `python -m tallystick`."""

from tallystick.cli import main

if __name__ == "__main__":
    main()
