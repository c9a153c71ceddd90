"""Our verifier beside the reference one, on the same contracts and the same provider, in one run.

    python benchmarks/verifier/bench.py [--runs 5] [--sizes 1,10,100,1000] [--json FILE]

Wall time of whole processes, median of the runs, the verifiers taking turns within each run so that a busy machine
hits all alike. The reference verifier builds a TLS client for each interaction, so its time depends on the bundle of
certificate authorities that it reads: `reference` has the system's, `reference, 1 CA` a bundle of one, which is its
better figure and the one that ratios are against. `pact-python` is timed within its process, without interpreter
start and import. Processor time (the least of the runs) stands beside it, for it hardly depends on what else the
machine does. Every run is checked: exit code, and the number of requests and state changes that arrived.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import workload

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOALS = {  # (mode, size) -> how many times faster than the reference with one certificate
    ("plain", 10): 1,
    ("plain", 100): 3,
    ("plain", 1000): 20,
    ("states", 1000): 10,
    ("20 ms", 100): 15,
}
IN_PROCESS = """
import sys, time
sys.path.insert(0, {here!r})
import provider
app = provider.fastapi_app({count})
start = time.perf_counter()
from tallystick.verifier.api import verify
report = verify({pact!r}, app=app)
assert report.exit_code == 0 and len(report.results) == {count}, report.text()
whole = time.perf_counter() - start
from tallystick.contract.model import ActualRequest
from tallystick.verifier.targets.asgi import AsgiTarget
from tallystick.verifier.targets.http import HttpTarget

def calls(target):
    target.start()
    sender = target.sender()
    start = time.perf_counter()
    for number in range({count}):
        assert sender.send(ActualRequest("GET", f"/parcels/{{number}}"), 5).status == 200
    seconds = time.perf_counter() - start
    sender.close()
    target.stop()
    return seconds

print(whole, calls(AsgiTarget(app)), calls(HttpTarget({url!r})))
"""
PACT_PYTHON = """
import sys, time
from pact import Verifier
start = time.perf_counter()
made = Verifier({provider!r}, host="127.0.0.1").add_transport(url={url!r}).add_source({pact!r})
if {states!r}:
    made = made.state_handler({states!r}, teardown=False, body=True)
made.verify()
print("SECONDS", time.perf_counter() - start)
"""


@contextmanager
def provider(kind: str, count: int, delay_ms: float) -> Iterator[str]:
    words = [sys.executable, str(HERE / "provider.py"), kind, str(count), str(delay_ms)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise SystemExit("the provider did not start")
        url = f"http://127.0.0.1:{port}"
        wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def wait_for(url: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{url}/seen")
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.02)


def seen(url: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{url}/seen") as answer:
        found: dict[str, int] = json.load(answer)
        return found


def one_certificate(folder: Path) -> Path:
    """A bundle of one self-signed authority."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "benchmark")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=2))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    path = folder / "one.pem"
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


def verifiers(
    pact: str, url: str, states: bool, ca: Path, wanted: set[str]
) -> dict[str, tuple[list[str], dict[str, str]]]:
    """name -> command line and environment."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PACT_", "SSL_CERT_", "PYTHONDONTWRITE"))}
    clean["PACT_DO_NOT_TRACK"] = "true"
    host, _, port = url.removeprefix("http://").partition(":")
    tool = shutil.which("pact", path=str(Path(sys.executable).parent)) or shutil.which("pact")
    if tool is None:
        raise SystemExit("the reference verifier is not installed: pip install pact-python-cli")
    reference = [
        tool,
        "verifier",
        "--file",
        pact,
        "--hostname",
        host,
        "--port",
        port,
        "--provider-name",
        workload.PROVIDER,
    ]
    ours = [str(Path(sys.executable).with_name("tallystick")), "verify", pact, "--provider-base-url", url]
    if states:
        reference += ["--state-change-url", f"{url}/states"]
        ours += ["--state-change-url", f"{url}/states"]
    python = PACT_PYTHON.format(
        provider=workload.PROVIDER, url=url, pact=pact, states=f"{url}/states" if states else ""
    )
    found = {
        "tallystick": (ours, clean),
        "reference, 1 CA": (reference, {**clean, "SSL_CERT_FILE": str(ca)}),
        "reference": (reference, clean),
        "pact-python": ([sys.executable, "-c", python], {**clean, "SSL_CERT_FILE": str(ca)}),
    }
    return {name: one for name, one in found.items() if name in wanted}


def timed(words: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall and processor seconds of a command; the wall time is its own where it prints one."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(words)[:200]} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}"
        )
    inner = [line for line in done.stdout.splitlines() if line.startswith("SECONDS ")]
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (float(inner[-1].split()[1]) if inner else seconds), used


def measure(
    mode: str, size: int, runs: int, url: str, folder: Path, ca: Path, wanted: set[str]
) -> dict[str, tuple[float, float]]:
    states = mode == "states"
    pact = folder / f"{size}{'-states' if states else ''}.json"
    pact.write_text(json.dumps(workload.contract(size, states)))
    times: dict[str, list[tuple[float, float]]] = {}
    for _ in range(runs):
        for name, (words, environment) in verifiers(str(pact), url, states, ca, wanted).items():
            seen(url)
            times.setdefault(name, []).append(timed(words, environment))
            counted = seen(url)
            if counted["requests"] != size or (states and counted["states"] < size):
                raise SystemExit(f"{name} sent {counted}, where {size} were expected")
    return {
        name: (statistics.median(wall for wall, _ in found), min(used for _, used in found))
        for name, found in times.items()
    }


def in_process(runs: int, folder: Path, count: int = 1000) -> dict[str, float]:
    """Seconds for `count` calls of a FastAPI application, its import left out: in this process, and over HTTP.

    `verified` is a whole verification, reading and matching included; `called` the calls alone, one after the other.
    """
    pact = folder / "in-process.json"
    pact.write_text(json.dumps(workload.contract(count)))
    times: dict[str, list[float]] = {}
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PACT_", "PYTHONDONTWRITE"))}
    with provider("fastapi", count, 0) as url:
        program = IN_PROCESS.format(here=str(HERE), count=count, pact=str(pact), url=url)
        for _ in range(runs):
            done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=clean, cwd=ROOT)
            if done.returncode:
                raise SystemExit(done.stderr[-2000:])
            words = [sys.executable, "-m", "tallystick", "verify", str(pact), "--provider-base-url", url]
            found = [*map(float, done.stdout.split()), timed(words, clean)[0]]
            for name, seconds in zip(
                ("verified", "called", "called over HTTP", "verified over HTTP"), found, strict=True
            ):
                times.setdefault(name, []).append(seconds)
    return {name: statistics.median(found) for name, found in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", default="1,10,100,1000")
    parser.add_argument("--modes", default="plain,states,20 ms,in process")
    parser.add_argument("--verifiers", default="tallystick;reference, 1 CA;reference;pact-python")
    parser.add_argument("--json", help="also write the figures here")
    asked = parser.parse_args()
    wanted = set(asked.verifiers.split(";"))
    sizes = [int(n) for n in asked.sizes.split(",")]
    modes = asked.modes.split(",")
    figures: list[dict[str, Any]] = []
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{cores} cores, load {load:.1f}, median of {asked.runs}; wall ms, and times the better reference")
    print(f"{'mode':7} {'N':>5}  {'verifier':16} {'ms':>9} {'ms each':>8} {'ratio':>6} {'cpu ms':>9} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ca = one_certificate(folder)
        for mode in (m for m in ("plain", "states", "20 ms") if m in modes):
            with provider("bare", max(sizes), 20 if mode == "20 ms" else 0) as url:
                for size in (s for s in sizes if mode != "20 ms" or s <= 100):
                    found = measure(mode, size, asked.runs, url, folder, ca, wanted)
                    show(mode, size, found)
                    figures += [
                        {"mode": mode, "size": size, "verifier": n, "seconds": s, "processor_seconds": p}
                        for n, (s, p) in found.items()
                    ]
        if "in process" in modes:
            found = in_process(asked.runs, folder)
            print("1000 calls of a FastAPI application, in process and over HTTP")
            for what in ("called", "verified"):
                inside, outside = found[what], found[f"{what} over HTTP"]
                print(f"{'':13}  {what}: {inside * 1000:.0f} ms, over HTTP {outside * 1000:.0f}")
                judge("under half", f"{inside / outside:.2f}", inside < outside / 2)
            figures += [{"mode": "in process", "size": 1000, "what": n, "seconds": s} for n, s in found.items()]
    if asked.json:
        Path(asked.json).write_text(json.dumps(figures, indent=1))


def show(mode: str, size: int, found: dict[str, tuple[float, float]]) -> None:
    """The figures of one workload, and what was wanted of them."""
    best, best_used = found.get("reference, 1 CA", (None, None))
    for name, (seconds, used) in found.items():
        ratio = f"{best / seconds:6.1f}" if best else "     -"
        processor = f"{used * 1000:9.1f} {best_used / used:6.1f}" if best_used and name != "pact-python" else ""
        each = seconds / size * 1000
        print(f"{mode:7} {size:5}  {name:16} {seconds * 1000:9.1f} {each:8.2f} {ratio} {processor}", flush=True)
    ours = found.get("tallystick", (None, None))[0]
    goal = GOALS.get((mode, size))
    if goal and best and ours:
        judge(f"{goal} times the better reference", f"{best / ours:.1f}", best / ours >= goal)
    if (mode, size) == ("plain", 1) and ours:
        judge("under 100 ms in all", f"{ours * 1000:.0f}", ours < 0.1)


def judge(goal: str, got: str, met: bool) -> None:
    print(f"{'':13}  goal: {goal}, got {got}: {'met' if met else 'MISSED'}", flush=True)


if __name__ == "__main__":
    main()
