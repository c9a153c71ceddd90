"""ARCHITECTURE.md says who may import whom; this makes it true."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAY_IMPORT = {  # package -> first-party packages it may import, besides itself
    "contract": set(),
    "client_sdk": {"contract"},
    "verifier": {"client_sdk", "contract"},
    "broker": {"contract"},
}
FEATURES = [  # left never imports right
    "access", "environments", "participants", "webhooks", "contracts", "verifications", "deployments",
    "selection", "deployability", "impact", "web",
]  # fmt: skip
BROKER_BASE = ["errors", "settings", "db", "moves", "tables", "summaries", "http"]

STDLIB = set(sys.stdlib_module_names)
THIRD_PARTY = {  # package -> what it may import from elsewhere, anywhere in its code
    "contract": {"regex", "defusedxml", "yaml"},
    "client_sdk": {
        "click", "cryptography", "httpx", "jsonschema", "pydantic", "pytest", "regex", "requests", "urllib3",
    },
    "verifier": {"click", "httpx", "pytest", "regex"},
    "broker": {
        "alembic", "anyio", "click", "cryptography", "defusedxml", "fastapi", "httpcore", "httpx", "jinja2", "joserfc",
        "jsonschema", "markupsafe", "orjson", "psycopg", "pwdlib", "pydantic", "python_multipart", "regex",
        "sqlalchemy", "sqlmodel", "starlette", "uvicorn", "yaml",
    },
}  # fmt: skip


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in MAY_IMPORT:
        for file in sorted((ROOT / package).rglob("*.py")):
            if "_alembic" not in file.parts:
                yield ".".join(file.relative_to(ROOT).with_suffix("").parts), ast.parse(file.read_text())


def imports() -> Iterator[tuple[str, str]]:
    """(importing module, imported name) for every import statement, those inside functions included."""
    for module, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                prefix = "." * node.level + (node.module or "")
                for alias in node.names:
                    yield module, f"{prefix}.{alias.name}"
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    yield module, alias.name


def ours(name: str) -> str | None:
    """`contract.matching` for `tallystick.contract.matching`; None for anything that isn't ours."""
    return name.removeprefix("tallystick.") if name.startswith("tallystick.") else None


def owner(name: str) -> str:
    return name.split(".")[0]


def test_every_import_is_absolute_and_none_uses_a_bare_package_name():
    strays = [f"{a} -> {b}" for a, b in imports() if b.startswith(".") or owner(b) in MAY_IMPORT]
    assert strays == []


def test_packages_import_only_what_the_map_allows():
    strays = [
        f"{a} -> {b}"
        for a, b in imports()
        if (name := ours(b)) and owner(name) != owner(a) and owner(name) not in MAY_IMPORT[owner(a)]
    ]
    # The version is the one name that everyone may read from the front door.
    assert [s for s in strays if not s.endswith("-> tallystick.__version__")] == []


def rank(module: str) -> int | None:
    """The place of a module in the order of the broker's folders; None for the assembly, which knows everything."""
    parts = module.split(".")
    if parts[0] != "broker" or len(parts) < 2:
        return None
    order = BROKER_BASE + FEATURES
    return order.index(parts[1]) if parts[1] in order else None


def test_features_import_only_features_before_them():
    strays = [
        f"{a} -> {name}"
        for a, b in imports()
        if (name := ours(b))
        and (mine := rank(a)) is not None
        and (theirs := rank(name)) is not None
        and mine < theirs
        # Base modules may know each other: their order matters only towards the features.
        and theirs >= len(BROKER_BASE)
    ]
    assert strays == []


def test_packages_use_only_the_libraries_allowed_to_them():
    strays = {
        f"{owner(a)} -> {owner(b)}"
        for a, b in imports()
        if owner(b) not in STDLIB | {"tallystick"} | MAY_IMPORT.keys() and owner(b) not in THIRD_PARTY[owner(a)]
    }
    assert sorted(strays) == []


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("tallystick", {"httpx", "pydantic", "jsonschema", "fastapi", "sqlalchemy", "click"}),
        ("tallystick.cli", {"httpx", "pydantic", "jsonschema", "fastapi", "sqlalchemy"}),
        ("tallystick.contract", {"httpx", "pydantic", "jsonschema", "fastapi", "sqlalchemy", "click"}),
        ("tallystick.client_sdk", {"httpx", "pydantic", "jsonschema", "fastapi", "sqlalchemy", "click"}),
        ("tallystick.verifier", {"httpx", "pydantic", "jsonschema", "fastapi", "sqlalchemy", "click"}),
    ],
)
def test_importing_a_package_does_not_load_what_it_rarely_needs(module: str, heavy: set[str]):
    program = f"import sys, {module}; print(*{{m.split('.')[0] for m in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert heavy & set(loaded) == set()
