"""`tallystick` and `python -m tallystick`."""

import sys


def main() -> None:
    """Run the command line; a plain `verify` takes a way that loads less, see `verifier.quick`."""
    if sys.argv[1:2] == ["verify"]:
        from tallystick.verifier import quick

        code = quick.main(sys.argv[2:])
        if code is not None:
            sys.stdout.flush()
            sys.exit(code)
    from tallystick.cli import main as full

    full()


if __name__ == "__main__":
    main()
