"""The parts of the check on a GPU. Each gives what belongs into the report, and raises Failure where a figure is wrong."""

import json
import re
import subprocess
import sys

import beside_python
import comparisons
from comparisons import Failure

import torch


class Parts:
    def __init__(self, top, place, device, deadline):
        self.top, self.place, self.device, self.deadline = top, place, device, deadline
        self.is_card = device != "cpu"
        self.pairs = top / "paraphrases"
        self.models = {}

    def model(self, size):
        if size not in self.models:
            self.models[size] = beside_python.shaped(self.place.work / size, self.top / "model", size)
        return self.models[size]

    def train(self, model, *options):
        """Trains on the GPU, or what stands in for it; gives the run's log."""
        out = self.place.work / "swiftlet-run"
        self.place.run(
            True, "swiftlet", "train", "--model", model, "--dataset", self.pairs, "--output-dir", out, "--max-length",
            128, "--save-strategy", "no", "--disable-tqdm", "--report-to", "none", *options)
        return json.loads((out / "trainer_state.json").read_text())["log_history"]

    def losses(self):
        """float32, bfloat16 and float16 beside Python on the same card; without one, Python is on the CPU."""
        steps = 40
        found = {}
        cases = [("fp32", "reference", 1e-4), ("fp32", "fused", 1e-3), ("bf16", "fused", 5e-2), ("fp16", "fused", 5e-2)]
        expected = {}
        for precision, kernels, tolerance in cases:
            if precision not in expected:
                by_hand = precision == "fp16" and not self.is_card
                losses = beside_python.python_losses_by_hand if by_hand else beside_python.python_losses
                expected[precision] = losses(
                    self.model("MiniLM"), self.pairs / "train.jsonl", self.place.work / "python", steps, self.device,
                    precision)
            options = ["--max-steps", steps, "--logging-steps", 1, "--kernels", kernels]
            log = self.train(self.model("MiniLM"), *options, *([] if precision == "fp32" else [f"--{precision}"]))
            own = [entry["loss"] for entry in log if "loss" in entry]
            worst = beside_python.farthest(own, expected[precision])
            found[f"{precision}, {kernels}"] = {
                "steps": steps, "farthest": worst, "tolerance": tolerance, "swiftlet": own, "python": expected[precision]}
            if not worst <= tolerance:
                raise Failure(f"losses, {precision}, {kernels}: {worst:.2e} from Python's, more than {tolerance:.0e}: {found}")
        return found

    def comparison(self, name):
        comparisons.CHECKS[name](self.place)
        return "as on the CPU" if name != "resuming" else "the same bytes"

    def memory(self):
        """A batch that does not fit is an error that says so, and no signal."""
        if not self.is_card:
            return comparisons.check_memory(self.place)
        holder = subprocess.Popen(
            [sys.executable, "-c", "import sys, torch; free, _ = torch.cuda.mem_get_info(); "
             "keep = torch.empty(max(0, free - (3 << 29)), dtype=torch.uint8, device='cuda'); print('held', flush=True); "
             "sys.stdin.read()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            holder.stdout.readline()
            self.train(self.model("BERT-base"), "--max-steps", 1, "--per-device-train-batch-size", 512, "--kernels",
                       "reference")
        except Failure as failure:
            text = str(failure)
            if not re.search("memory", text, re.IGNORECASE) or "Fatal error" in text:
                raise Failure(f"a full card is not said: {text}") from None
            return {"error": text.strip().splitlines()[-1]}
        finally:
            holder.kill()
            holder.wait()
        raise Failure("a batch that can't fit was trained on")

    def speed(self):
        """Tokens a second in bfloat16, and the share of the card's peak."""
        name = torch.cuda.get_device_name() if self.is_card else "cpu"
        peak = beside_python.peak(name) if self.is_card else None
        path, found = self.pairs / "train.jsonl", {}
        sizes, batches = (["MiniLM", "BERT-base"], [8, 32, 128]) if self.is_card else (["MiniLM"], [8])
        for size in sizes:
            model = self.model(size)
            import transformers

            lengths = [len(row["input_ids"]) for row in beside_python.rows(path, transformers.AutoTokenizer.from_pretrained(model))]
            mean = sum(lengths) / len(lengths)
            for batch in batches:
                few, many = (20, 120) if self.is_card else (2, 6)
                runtimes = []
                for steps in (few, many):
                    log = self.train(
                        model, "--bf16", "--max-steps", steps, "--logging-strategy", "no", "--per-device-train-batch-size", batch)
                    runtimes.append(next(entry["train_runtime"] for entry in log if "train_runtime" in entry))
                own = (many - few) * batch * mean / max(runtimes[1] - runtimes[0], 1e-6)
                case = {"swiftlet": {"tokens_per_second": own}}
                if peak:
                    case["swiftlet"]["share_of_peak"] = own * beside_python.operations(model) / peak
                for attention in ("eager", "sdpa", "flash_attention_2"):
                    if not self.is_card and attention != "sdpa":
                        continue
                    case[f"python, {attention}"] = beside_python.python_speed(
                        model, path, batch, self.device, attention, 3 if self.is_card else 1)
                found[f"{size}, {batch}"] = case
        return found
