"""Packs what Tools/checks/gpu needs on a machine without Swift into one archive.

The Swift part goes along with all libraries that it loads, but for the bridge, libCTorch.so, which the other machine
builds anew against its own PyTorch. The kernels by instruction set need clang and no libtorch: they go along
as objects.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

PROGRAMS = ["swiftlet", "swiftlet-scenario"]
#: What one call may carry to a borrowed machine.
MOST = 64 << 20


def objects_of(build, program):
    """The files that a program is linked of: those of Swift and Arrow's bridge, and those of libtorch's."""
    listing = build / f"{program}.product/Objects.LinkFileList"
    if not listing.exists():
        raise SystemExit(f"gpu: {listing} is missing; build first: swift build -c release --product {program}")
    paths = [pathlib.Path(line.strip().strip("'\"")) for line in listing.read_text().split("\n") if line.strip()]
    bridge = [path for path in paths if "CTorch.build" in path.parts]
    return [path for path in paths if path not in bridge], bridge


#: Of the other machine: what fits its kernel, and what its PyTorch has loaded as well.
THEIRS = ("linux-vdso", "ld-linux", "libc.so", "libm.so", "libpthread", "libdl", "librt", "libresolv", "libutil", "libnss_",
          "libstdc++", "libgcc_s", "libCTorch", "libtorch", "libc10", "libgomp")


def link(root, build, top, work):
    """The programs, with all that they load but libtorch; gives the bridge's objects."""
    torch, arrow = root / ".deps/libtorch/lib", root / ".deps/arrow/lib"
    swift = pathlib.Path(shutil.which("swiftc")).resolve().parents[1] / "lib/swift/linux"
    _, bridge = objects_of(build, PROGRAMS[0])
    # Only to have something to link against: the other machine makes its own.
    subprocess.run(
        ["clang++", "-shared", "-o", work / "libCTorch.so", *bridge, f"-L{torch}", "-ltorch_cpu", "-lc10"], check=True)
    for program in PROGRAMS:
        own, _ = objects_of(build, program)
        (work / "objects").write_text("\n".join(f'"{path}"' for path in own))
        entry = "SwiftletCLI_main" if program == "swiftlet" else program.replace("-", "_") + "_main"
        subprocess.run(
            ["swiftc", "-emit-executable", "-o", top / "bin" / program, f"@{work / 'objects'}", "-Xlinker", "--defsym",
             "-Xlinker", f"main={entry}", f"-L{work}", "-lCTorch", f"-L{arrow}", "-larrow", "-larrow_compute", "-lparquet",
             "-lstdc++", "-Xlinker", "--allow-shlib-undefined"], check=True)
        strip(top / "bin" / program)
    folders = os.environ | {"LD_LIBRARY_PATH": f"{work}:{torch}:{arrow}:{swift}"}
    for program in PROGRAMS:
        listing = subprocess.run(["ldd", top / "bin" / program], capture_output=True, text=True, env=folders, check=True)
        for line in listing.stdout.splitlines():
            name, _, path = line.strip().partition(" => ")
            target = top / "lib" / pathlib.Path(name.split()[0]).name
            if not path or target.name.startswith(THEIRS) or target.exists():
                continue
            shutil.copy(pathlib.Path(path.split(" (")[0]).resolve(), target)
            strip(target)
    return bridge


def strip(path):
    path.chmod(0o755)
    subprocess.run(["strip", "--strip-unneeded", path], check=True)


def pack(root, build, archive):
    """Writes the archive; gives its size."""
    with tempfile.TemporaryDirectory() as folder:
        work, top = pathlib.Path(folder), pathlib.Path(folder) / "swiftlet-gpu"
        for name in ("bin", "lib", "objects", "model"):
            (top / name).mkdir(parents=True)
        bridge = link(root, build, top, work)
        for path in bridge:
            if path.name.startswith(("set_", "int8_", "product_")):
                shutil.copy(path, top / "objects" / path.name.replace(".cpp.o", ".o"))
        shutil.copytree(root / "Sources/CTorch", top / "bridge")
        shutil.copytree(root / "Sources/CTorchInterface/include", top / "bridge/include", dirs_exist_ok=True)
        shutil.copytree(root / "Tools/checks/gpu-stand-in.d", top / "stand-in")
        shutil.copy(root / "Tools/checks/gpu", top / "gpu")
        shutil.copytree(root / "Tools/checks/gpu.d", top / "gpu.d", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(root / "Tests/Fixtures/families", top / "families")
        shutil.copytree(root / "Examples/data", top / "data")
        shutil.copytree(root / "Sources/SwiftletCLI/Resources/paraphrases", top / "paraphrases")
        # Its weights are drawn there: they would take more room than everything else.
        for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
            shutil.copy(root / ".deps/models/all-MiniLM-L6-v2" / name, top / "model" / name)
        commit = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
        (top / "pack.json").write_text(json.dumps({"commit": commit, "configuration": build.name}))
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive, "w:xz", preset=int(os.environ.get("LEVEL", "6"))) as file:
            file.add(top, arcname="swiftlet-gpu")
    size = archive.stat().st_size
    if size > MOST:
        raise SystemExit(f"gpu: {archive} has {size >> 20} MiB, more than {MOST >> 20}; pack a release build")
    return size
