"""Builds the bridge, and the stand-in for a GPU, against the PyTorch of this machine's Python."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess

import torch

TORCH = pathlib.Path(torch.__file__).parent
UNITS = ["tensors", "kernels", "training", "processes"]


def compiler():
    found = os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if not found:
        raise SystemExit("gpu: there is no C++ compiler here; install g++, or name one in CXX")
    return found


def flags():
    return ["-std=c++20", "-O2", "-fPIC", "-DNDEBUG", "-isystem", str(TORCH / "include"), "-isystem",
            str(TORCH / "include/torch/csrc/api/include"), f"-D_GLIBCXX_USE_CXX11_ABI={int(torch.compiled_with_cxx11_abi())}"]


def run(command):
    finished = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if finished.returncode:
        raise SystemExit(f"gpu: {' '.join(map(str, command[:3]))} ... failed\n{finished.stderr[-3000:]}")


def bridge(top):
    """libCTorch.so, beside the programs' other libraries."""
    work = top / "objects"
    with concurrent.futures.ThreadPoolExecutor(min(len(UNITS), os.cpu_count() or 1)) as pool:
        list(pool.map(
            lambda unit: run([
                compiler(), *flags(), "-c", f"-I{top / 'bridge/include'}", top / f"bridge/units/{unit}.cpp", "-o",
                work / f"{unit}.o"]),
            UNITS))
    run([compiler(), "-shared", "-o", top / "lib/libCTorch.so", *sorted(work.glob("*.o")), f"-L{TORCH / 'lib'}",
         "-ltorch_cpu", "-lc10", f"-Wl,-rpath,{TORCH / 'lib'}"])


def stand_in(top):
    """libtorch_cuda.so of a machine without a GPU, in a folder of its own."""
    folder = top / "lib-stand-in"
    folder.mkdir(exist_ok=True)
    run([compiler(), "-shared", *flags(), *sorted((top / "stand-in").glob("*.cpp")), "-o", folder / "libtorch_cuda.so",
         f"-L{TORCH / 'lib'}", "-ltorch_cpu", "-lc10"])
    return folder
