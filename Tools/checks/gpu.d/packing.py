"""Packs what Tools/checks/gpu needs on a machine without Swift into one archive.

The Swift part is linked with its runtime inside and against the bridge as a library, libCTorch.so, which the other
machine builds anew against its own PyTorch. The kernels by instruction set need clang and no libtorch: they go along
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


def link(root, build, into, work):
    torch, arrow = root / ".deps/libtorch/lib", root / ".deps/arrow/lib"
    _, bridge = objects_of(build, PROGRAMS[0])
    # Only to have something to link against: the other machine makes its own.
    subprocess.run(
        ["clang++", "-shared", "-o", work / "libCTorch.so", *bridge, f"-L{torch}", "-ltorch_cpu", "-lc10"], check=True)
    for program in PROGRAMS:
        own, _ = objects_of(build, program)
        (work / "objects").write_text("\n".join(f'"{path}"' for path in own))
        entry = "SwiftletCLI_main" if program == "swiftlet" else program.replace("-", "_") + "_main"
        subprocess.run(
            ["swiftc", "-emit-executable", "-static-stdlib", "-o", into / program, f"@{work / 'objects'}", "-Xlinker", "--defsym",
             "-Xlinker", f"main={entry}", f"-L{work}", "-lCTorch", f"-L{arrow}", "-larrow", "-larrow_compute", "-lparquet",
             "-lstdc++", "-Xlinker", "--allow-shlib-undefined", "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib"],
            check=True)
        subprocess.run(["strip", "--strip-unneeded", into / program], check=True)
    return bridge


def pack(root, build, archive):
    """Writes the archive; gives its size."""
    with tempfile.TemporaryDirectory() as folder:
        work, top = pathlib.Path(folder), pathlib.Path(folder) / "swiftlet-gpu"
        for name in ("bin", "lib", "objects", "model"):
            (top / name).mkdir(parents=True)
        bridge = link(root, build, top / "bin", work)
        for library in ("libarrow", "libarrow_compute", "libparquet"):
            source = (root / f".deps/arrow/lib/{library}.so").resolve()
            shutil.copy(source, top / "lib" / source.name)
            subprocess.run(["strip", "--strip-unneeded", top / "lib" / source.name], check=True)
        for path in bridge:
            if path.name.startswith(("set_", "int8_")):
                shutil.copy(path, top / "objects" / path.name.replace(".cpp.o", ".o"))
        shutil.copytree(root / "Sources/CTorch", top / "bridge")
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
