"""What a GPU's results are compared with: the CPU's, and those of runs that were not interrupted.

Used by Tools/checks/gpu-stand-in and Tools/checks/gpu.
"""

import dataclasses
import hashlib
import json
import math
import os
import pathlib
import re
import shutil
import subprocess


class Failure(Exception):
    pass


@dataclasses.dataclass
class Place:
    """Where programs and files are, and what makes a program run on the GPU or on the CPU."""

    programs: pathlib.Path
    model: pathlib.Path
    pairs: pathlib.Path
    data: pathlib.Path
    families: pathlib.Path
    work: pathlib.Path
    #: Variables of the environment.
    on_gpu: dict
    on_cpu: dict
    #: Whether the stand-in counts how often packed sequences were attended to.
    counts: bool

    def finished(self, on_gpu, name, *arguments, variables={}):
        """One of the package's programs, when it has ended."""
        environment = os.environ | {"OMP_NUM_THREADS": "1"} | (self.on_gpu if on_gpu else self.on_cpu) | variables
        return subprocess.run(
            [self.programs / name, *map(str, arguments)], capture_output=True, text=True, cwd=self.work, env=environment)

    def run(self, on_gpu, name, *arguments, variables={}):
        """Runs one of the package's programs; gives what it wrote to standard error."""
        finished = self.finished(on_gpu, name, *arguments, variables=variables)
        if finished.returncode:
            raise Failure(
                f"{name} {' '.join(map(str, arguments))}: status {finished.returncode}\n{finished.stderr[-3000:]}")
        return finished.stderr

    def attended(self, errors):
        """How often the stand-in's attention of packed sequences ran; None where nothing stands in."""
        counts = re.findall(r"stand-in: attention of packed sequences ran (\d+) times", errors)
        return max(map(int, counts)) if counts else None

    def tasks(self):
        """Options of each task."""
        return {
            "token-classification": ["--dataset", self.data / "entities"],
            "question-answering": ["--dataset", self.data / "questions"],
            "multiple-choice": ["--dataset", self.data / "endings"],
            "fill-mask": ["--dataset", self.pairs, "--text-column", "sentence1", "--max-length", "64"],
            "sentence-embeddings": ["--dataset", self.pairs],
        }


def few_rows(pairs, folder, counts={"train": 160, "validation": 64, "test": 64}):
    """A copy of the pairs with the first rows of each split: what is compared needs no more."""
    folder.mkdir()
    for split, count in counts.items():
        lines = (pairs / f"{split}.jsonl").read_text().splitlines(keepends=True)
        (folder / f"{split}.jsonl").write_text("".join(lines[:count]))
    return folder


def losses(folder):
    history = json.loads((folder / "trainer_state.json").read_text())["log_history"]
    found = [entry[name] for entry in history for name in ("loss", "grad_norm", "eval_loss") if name in entry]
    if not found:
        raise Failure(f"{folder} has no losses")
    return found


def require_near(name, one, two, tolerance):
    worst = max(abs(a - b) / max(abs(a), 1e-2) for a, b in zip(one, two, strict=True))
    print(f"{name:52}{len(one)} numbers, the farthest {worst:.1e} from the CPU's", flush=True)
    if not worst <= tolerance:
        raise Failure(f"{name}: {one}\nand on the CPU {two}")


def fingerprint(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def no_dropout(config):
    """The device's random numbers are not the CPU's: results can be compared without them."""
    return config | {key: 0.0 for key, value in config.items() if "dropout" in key and value is not None}


def without_dropout(model, folder):
    """A copy of a model."""
    shutil.copytree(model, folder)
    path = folder / "config.json"
    path.write_text(json.dumps(no_dropout(json.loads(path.read_text()))))
    return folder


def check_training(place):
    """Losses and gradient norms, packed and padded, in float32 and bfloat16, and of each task."""
    work = place.work
    model = without_dropout(place.model, work / "model")

    def train(name, on_gpu, *options):
        errors = place.run(
            on_gpu, "swiftlet", "train", "--model", model, "--output-dir", work / name, "--max-steps", 4,
            "--logging-steps", 1, "--eval-strategy", "steps", "--eval-steps", 4, "--disable-tqdm", "--save-strategy", "no",
            *options)
        count = place.attended(errors)
        if place.counts and (count is not None) != on_gpu:
            raise Failure(f"{name}: the run was{' not' if on_gpu else ''} on the stand-in")
        return losses(work / name), count

    pairs = ["--dataset", place.pairs, "--per-device-eval-batch-size", 64]
    cases = {
        "packed": (pairs, 1e-5, True), "padded": ([*pairs, "--kernels", "reference"], 1e-5, False),
        "packed, bfloat16": ([*pairs, "--bf16"], 3e-2, True),
        "padded, bfloat16": ([*pairs, "--bf16", "--kernels", "reference"], 3e-2, False),
        "gradient checkpointing": ([*pairs, "--gradient-checkpointing"], 1e-5, True),
        "accumulated": ([*pairs, "--gradient-accumulation-steps", 2], 1e-5, True),
    }
    # The table of words has its gradient in every number there: libtorch's norm of 12 million numbers, which the stand-in
    # takes from the CPU, is up to 5e-4 too small.
    tolerances = {"fill-mask": 1e-3}
    cases |= {
        task: (["--task", task, *options], tolerances.get(task, 1e-4), None) for task, options in place.tasks().items()}
    for name, (options, tolerance, packs) in cases.items():
        here, _ = train("cpu", False, *options)
        there, count = train("gpu", True, *options)
        require_near(name, there, here, tolerance)
        if place.counts and packs is not None and packs != (count > 0):
            raise Failure(f"{name}: attention of packed sequences ran {count} times")
        shutil.rmtree(work / "cpu")
        shutil.rmtree(work / "gpu")


def check_resuming(place):
    """With dropout on: the device's random numbers go on where they were."""
    work = place.work
    for name, options in {"fused": [], "reference": ["--kernels", "reference"], "float16": ["--fp16"]}.items():
        def train(*more):
            place.run(
                True, "swiftlet", "train", "--model", place.model, "--dataset", place.pairs, "--output-dir", work / name,
                "--max-steps", 4, "--save-steps", 2, "--disable-tqdm", *options, *more)

        train()
        whole = fingerprint(work / name / "model.safetensors")
        train("--resume-from-checkpoint", work / name / "checkpoint-2")
        if fingerprint(work / name / "model.safetensors") != whole:
            raise Failure(f"{name}: a resumed run has other weights than one that was not interrupted")
        print(f"{name + ', resumed':52}the same weights, to the byte", flush=True)


def check_float16(place):
    """The loss is near the CPU's in float32, and the scale is as the updates have left it."""
    work, steps = place.work, 6
    model = without_dropout(place.model, work / "model-float16")
    for kernels in ("fused", "reference"):
        def train(name, on_gpu, *options):
            place.run(
                on_gpu, "swiftlet", "train", "--model", model, "--dataset", place.pairs, "--output-dir", work / name,
                "--max-steps", steps, "--logging-steps", 1, "--save-steps", steps, "--disable-tqdm", "--kernels", kernels,
                *options)
            history = json.loads((work / name / "trainer_state.json").read_text())["log_history"]
            return [entry for entry in history if "loss" in entry]

        here, there = train("cpu", False, "--learning-rate", 0), train("gpu", True, "--fp16", "--learning-rate", 0)
        if len(there) != steps:
            raise Failure(f"float16: {len(there)} losses of {steps} steps")
        require_near(f"float16, {kernels}", [step["loss"] for step in there], [step["loss"] for step in here], 5e-3)
        skipped = sum(not math.isfinite(float(step["grad_norm"])) for step in there)
        kept = [(one["grad_norm"], two["grad_norm"]) for one, two in zip(there, here) if math.isfinite(float(one["grad_norm"]))]
        if not kept:
            raise Failure("float16: every update was left out")
        require_near(f"float16, {kernels}, gradient norms", *map(list, zip(*kept)), 2e-2)
        scaler = json.loads((work / "gpu" / f"checkpoint-{steps}/scaler.json").read_text())
        if scaler["scale"] != 65536 * 0.5**skipped:
            raise Failure(f"float16: {skipped} updates were left out, and the scale is {scaler['scale']}")
        for name in ("cpu", "gpu"):
            shutil.rmtree(work / name)


def check_memory(place):
    """Memory of the stand-in that one batch fits in and a larger one doesn't: an error that says so, and with
    --auto-find-batch-size the weights of a run that had the batches which fit from the beginning. Dropout is on."""
    work = place.work

    def options(name, size, *more):
        shutil.rmtree(work / name, ignore_errors=True)
        return ["train", "--model", place.model, "--dataset", place.pairs, "--output-dir", work / name, "--max-steps", 3,
                "--per-device-train-batch-size", size, "--eval-strategy", "no", "--disable-tqdm", "--save-strategy", "no",
                *more]

    def most(size):
        errors = place.run(True, "swiftlet", *options("memory", size))
        return int(re.search(r"at most (\d+) bytes", errors).group(1))

    small, large = most(8), most(32)
    if not small < large:
        raise Failure(f"memory: batches of 8 rows took {small} bytes, and of 32 {large}")
    little = {"STAND_IN_MEMORY": str((small + large) // 2)}
    full = place.finished(True, "swiftlet", *options("memory", 32), variables=little)
    if full.returncode <= 0 or "out of memory" not in full.stderr or "Fatal error" in full.stderr:
        raise Failure(f"memory: a full device is not said; status {full.returncode}\n{full.stderr[-3000:]}")
    said = next(line for line in full.stderr.splitlines() if "out of memory" in line)
    print(f"{'memory, full':52}{said[:160]}", flush=True)
    place.run(True, "swiftlet", *options("memory", 32, "--auto-find-batch-size"), variables=little)
    found = json.loads((work / "memory/trainer_state.json").read_text())["train_batch_size"]
    if not 8 <= found < 32:
        raise Failure(f"memory: --auto-find-batch-size has found batches of {found}")
    place.run(True, "swiftlet", *options("memory-whole", found))
    if fingerprint(work / "memory/model.safetensors") != fingerprint(work / "memory-whole/model.safetensors"):
        raise Failure(f"memory: batches of {found} that were found give other weights than batches of {found}")
    print(f"{'memory, batches that fit':52}of {found} rows for 32, the same weights, to the byte", flush=True)
    return {"asked": 32, "found": found, "bytes": int(little["STAND_IN_MEMORY"])}


def encoder_of(fixture, folder):
    """The checkpoint of a family's tiny encoder, for rows of two labels that 0 pads."""
    folder.mkdir()
    config = json.loads((fixture / "config.json").read_text())
    for key in ("problem_type", "id2label", "label2id"):
        config.pop(key, None)
    # The scenario's rows have more words than a fixture's table: it stands there eight times.
    config |= {"pad_token_id": 0, "vocab_size": 8 * config["vocab_size"]}
    (folder / "config.json").write_text(json.dumps(no_dropout(config)))
    content = (fixture / "fixture.safetensors").read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    header, values = {}, b""
    for name, entry in json.loads(content[8:begin]).items():
        if name.startswith("encoder/"):
            part = content[begin + entry["data_offsets"][0] : begin + entry["data_offsets"][1]]
            if name.endswith(("word_embeddings.weight", "tok_embeddings.weight", "embed_tokens.weight")):
                part *= 8
                entry["shape"][0] *= 8
            header[name.removeprefix("encoder/")] = entry | {"data_offsets": [len(values), len(values) + len(part)]}
            values += part
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + values)
    return folder


def check_families(place):
    """Each family's tiny model, whose batches are padded, with Accelerator's loop and with the Trainer."""
    work = place.work
    for folder in sorted(place.families.iterdir()):
        model = encoder_of(folder, work / folder.name)
        found = {}
        for side, on_gpu in (("cpu", False), ("gpu", True)):
            out = work / f"{folder.name}-{side}"
            out.mkdir()
            settings = {"model": str(model), "rows": 12, "epochs": 2, "save_steps": 100, "kernels": "fused",
                        "runs": [{"scenario": "loop", "name": "loop"}, {"scenario": "trainer", "name": "trainer"}]}
            (out / "settings.json").write_text(json.dumps(settings))
            place.run(on_gpu, "swiftlet-scenario", out / "settings.json", out)
            loop = json.loads((out / "loop/0.json").read_text())
            trainer = json.loads((out / "trainer/0.json").read_text())
            found[side] = loop["losses"] + loop["norms"] + loop["logits"] + trainer["logits"]
        # At this learning rate AdamW makes much of how sums are rounded.
        require_near(folder.name, found["gpu"], found["cpu"], 1e-3)


CHECKS = {
    "training": check_training, "resuming": check_resuming, "float16": check_float16, "memory": check_memory,
    "families": check_families}
