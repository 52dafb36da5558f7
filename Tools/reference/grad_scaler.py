"""Writes the fixture that holds `GradScaler`, and training with it, to PyTorch's.

    python Tools/reference/grad_scaler.py [Tests/Fixtures]

`steps` is a `torch.amp.GradScaler("cpu")` with AdamW on two tensors, step by step: gradients from a formula that the test
repeats, some of them infinite or NaN, with clipping in between, and the schedule as accelerate moves it. `saved` is its
state dict after some of the steps. `limits` are long rows of updates that only move the scale.
"""

import importlib.metadata
import json
import math
import sys
from pathlib import Path

PINNED = {"torch": "2.13.0"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found.split("+")[0] != wanted:
        sys.exit(f"{name} {wanted} is needed to make this fixture; found {found}")

import torch

INFINITE, NAN, NEGATIVE = {3, 4, 17}, {9}, {13}
STEPS, INTERVAL, RATE = 24, 4, 0.01


def gradient(step, tensor, count, scale):
    """Of a scaled loss."""
    values = [math.sin(step + 2 * tensor + index) * scale for index in range(count)]
    if tensor == 1:
        bad = {**dict.fromkeys(INFINITE, math.inf), **dict.fromkeys(NAN, math.nan), **dict.fromkeys(NEGATIVE, -math.inf)}
        values[step % count] = bad.get(step, values[step % count])
    return torch.tensor(values, dtype=torch.float32)


def steps(max_norm):
    tensors = [torch.nn.Parameter(torch.linspace(-1, 1, 5)), torch.nn.Parameter(torch.linspace(0.5, 2, 3))]
    optimizer = torch.optim.AdamW(tensors, lr=RATE, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / (2 * STEPS))
    scaler = torch.amp.GradScaler("cpu", growth_interval=INTERVAL)
    out = {"scales": [], "norms": [], "weights": [], "updated": [], "rates": [], "saved": [], "losses": []}
    for step in range(STEPS):
        out["losses"].append(scaler.scale(torch.tensor(0.3 + step)).item())
        for index, tensor in enumerate(tensors):
            tensor.grad = gradient(step, index, tensor.numel(), scaler.get_scale())
        if max_norm:
            scaler.unscale_(optimizer)
            norm = torch.nn.utils.clip_grad_norm_(tensors, max_norm).item()
            out["norms"].append(norm if math.isfinite(norm) else str(norm))
        calls = []
        update = optimizer.step
        optimizer.step = lambda *_: (calls.append(1), update())
        scaler.step(optimizer)
        optimizer.step = update
        scaler.update()
        if calls:
            schedule.step()
        out["updated"].append(bool(calls))
        out["scales"].append(scaler.get_scale())
        out["rates"].append(schedule.get_last_lr()[0])
        out["weights"].append([value for tensor in tensors for value in tensor.tolist()])
        out["saved"].append(scaler.state_dict())
    return out


def limits(found, **settings):
    """The scale after each of many updates, with what each of them found."""
    tensor = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([tensor], lr=0.0)
    scaler = torch.amp.GradScaler("cpu", **settings)
    scaler.scale(torch.tensor(1.0))
    scales = []
    for step in range(len(found)):
        tensor.grad = torch.tensor([math.inf if found[step] else 0.0])
        scaler.step(optimizer)
        scaler.update()
        scales.append(scaler.get_scale())
    return {"settings": settings, "found": [bool(value) for value in found], "scales": scales}


def main():
    torch.set_num_threads(1)
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures") / "trainer"
    out = {
        "steps": {"clipped": steps(0.5), "plain": steps(0)},
        "limits": [
            # It does not grow beyond float32.
            limits([0] * 12, init_scale=2.0**120, growth_interval=1, growth_factor=4.0),
            # Factors that are not powers of two are rounded to float32 each time.
            limits([0, 0, 1, 0, 0, 0, 1, 1] * 4, init_scale=1000.0, growth_interval=2, growth_factor=1.7, backoff_factor=0.3),
        ],
    }
    (directory / "grad_scaler.json").write_text(json.dumps(out) + "\n")


main()
