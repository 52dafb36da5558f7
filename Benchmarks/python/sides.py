"""How Benchmarks/run and Benchmarks/matrix measure: both sides in turn, each in a process of its own, on the same batches
with the same threads. Standard library only; the Python side runs in an environment of its own."""

import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MINILM = ".deps/models/all-MiniLM-L6-v2"
# What a busy machine has from other work; above it, figures say little.
QUIET = 0.5
# Products a second, to guess from how long a step takes. Only the number of steps hangs on it.
GUESSED_RATE = 75e9


def python():
    """The interpreter of the pinned Python stack; the first call installs it."""
    folder = pathlib.Path(os.environ.get("SWIFTLET_BENCHMARK_PYTHON", ROOT / ".build" / "benchmark-python"))
    program = folder / "bin" / "python"
    if not program.exists():
        subprocess.run([ROOT / "Tools" / "reference" / "setup", folder], check=True)
    return str(program)


def program(name):
    """One of the package's own programs."""
    path = ROOT / ".build" / "release" / name
    if not path.exists():
        sys.exit(f"{path.relative_to(ROOT)} is not there; make bench builds it")
    return str(path)


def dataset(folder, config):
    """The arguments for a dataset: the one asked for, else MRPC where it lies, else the paraphrases of this package."""
    if folder is None:
        folder, config = "../shared/hub/datasets/nyu-mll/glue", config or "mrpc"
        if not (ROOT / folder).is_dir():
            folder, config = "Sources/SwiftletCLI/Resources/paraphrases", None
            print("MRPC is not at hand: measured on this package's own pairs, which are shorter (--dataset PATH/TO/glue"
                  " --config mrpc)", flush=True)
    if not (ROOT / folder).is_dir():
        sys.exit(f"{folder} is not there; give --dataset (and --config) of a folder in the Hub's layout")
    return [folder, *(["--config", config] if config else [])]


def processor_lines():
    try:
        return pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


def sysctl(name):
    finished = subprocess.run(["sysctl", "-n", name], capture_output=True, text=True) if sys.platform == "darwin" else None
    return finished.stdout.strip() if finished else ""


def has_bf16():
    """Whether the processor has instructions for bfloat16; emulated, it says nothing about either side."""
    words = {word for line in processor_lines() if line.startswith(("flags", "Features")) for word in line.split()}
    return bool(words & {"avx512_bf16", "amx_bf16", "bf16"}) or sysctl("hw.optional.arm.FEAT_BF16") == "1"


def machine():
    """What a report begins with. Warns where other work is going on."""
    name = next((line.split(":", 1)[1].strip() for line in processor_lines() if line.startswith("model name")), None)
    revision = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=ROOT).stdout.strip()
    load = round(os.getloadavg()[0], 2)
    if load > QUIET:
        print(f"warning: the load of this machine is {load} before anything is measured; figures will vary", flush=True)
    return {
        "date": datetime.date.today().isoformat(), "revision": revision,
        "processor": name or sysctl("machdep.cpu.brand_string") or platform.processor(), "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(), "load_before": load,
    }


def measure(command):
    """The figures that one side prints as its last line."""
    finished = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=ROOT)
    if finished.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{finished.stderr[-2000:]}")
    return json.loads(finished.stdout.strip().splitlines()[-1])


def in_turn(commands, rounds):
    """Each command's figures of each round. The one that begins takes turns, so that a machine that warms up or slows
    down favours neither."""
    runs = {side: [] for side in commands}
    for number in range(rounds):
        order = list(commands.items())
        for side, command in order if number % 2 == 0 else reversed(order):
            runs[side].append(measure(command))
    return runs


def commands(task, model, data, batch_size, threads, steps, warm_up, kernels=("fused",), length=None, layers=None,
             bf16=False, limit=True):
    """The command of each side for one measurement: one of Swiftlet's for each kind of kernels, and Python's."""
    shared = [model, *data, "--batch-size", batch_size, "--threads", threads, "--steps", steps, "--warm-up", warm_up]
    for name, value in (("--length", length), ("--layers", layers)):
        if value:
            shared += [name, value]
    if bf16:
        shared.append("--bf16")
    swift = program("swiftlet-benchmark")
    # The limit is that of the fast kernels, and asked for once.
    sides = {kind: [swift, task, *shared, "--kernels", kind, *(["--limit"] if limit and kind == "fused" else [])]
             for kind in kernels}
    return sides | {"python": [python(), f"Benchmarks/python/{task}_mrpc.py", *shared]}


def guessed_seconds(task, products_per_token, tokens):
    """Of one step on one of the sides."""
    return (3 if task == "train" else 1) * products_per_token * tokens / GUESSED_RATE


def steps_for(step_seconds, seconds, most=40, least=4):
    """Steps that take about this long, and those of the warm-up before them."""
    steps = max(least, min(most, round(seconds / step_seconds)))
    return steps, min(5, max(1, steps // 4))


def compared(kind, runs):
    """The figures of one of Swiftlet's sides beside Python's."""
    pair = {"swiftlet": runs[kind], "python": runs["python"]}
    speed = {side: [run["examples_per_second"] for run in values] for side, values in pair.items()}
    ratios = [ours / theirs for ours, theirs in zip(speed["swiftlet"], speed["python"])]
    result = {
        "examples_per_second": speed,
        "median_examples_per_second": {side: statistics.median(values) for side, values in speed.items()},
        "spread": {side: (max(values) - min(values)) / statistics.median(values) for side, values in speed.items()},
        "ratios": ratios, "median_ratio": statistics.median(ratios),
        "peak_rss_mb": {side: max(run["peak_rss_mb"] for run in values) for side, values in pair.items()},
        "threads": runs[kind][0]["threads"], "steps": runs[kind][0]["steps"],
        "torch": {side: values[0]["torch"] for side, values in pair.items()},
    }
    shares = [run["share_of_limit"] for run in runs[kind] if "share_of_limit" in run]
    return result | ({"share_of_limit": shares} if shares else {})


HEADER = (f"{'Swiftlet':>10}{'Python':>10}{'ratio':>7}{'least':>7}{'most':>7}{'limit':>7}{'spread':>8}{'Py':>6}"
          f"{'MB':>7}{'MB Py':>7}")


def row(result):
    """The columns of `HEADER` for what `compared` gave: examples a second, their ratio with its least and most, the
    share of the limit, the spread of each side's runs, and the peak of memory."""
    median, spread, memory = (result[key] for key in ("median_examples_per_second", "spread", "peak_rss_mb"))
    shares = result.get("share_of_limit")
    share = f"{statistics.median(shares):7.0%}" if shares else " " * 7
    return (f"{median['swiftlet']:10.2f}{median['python']:10.2f}{result['median_ratio']:7.2f}{min(result['ratios']):7.2f}"
            f"{max(result['ratios']):7.2f}{share}{spread['swiftlet']:8.0%}{spread['python']:6.0%}"
            f"{memory['swiftlet']:7.0f}{memory['python']:7.0f}")


def write(report, name, says_so=True):
    """Into Benchmarks/results, whole or not at all."""
    folder = ROOT / "Benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    path = folder / ("-".join(filter(None, [report["date"], name])) + ".json")
    path.with_suffix(".new").write_text(json.dumps(report, indent=1) + "\n")
    path.with_suffix(".new").replace(path)
    if says_so:
        print(f"written to {path.relative_to(ROOT)}", flush=True)
