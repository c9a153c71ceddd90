"""The version that contracts and requests name; a test holds it equal to the distribution's."""

from typing import Final

VERSION: Final = "0.1.0"
