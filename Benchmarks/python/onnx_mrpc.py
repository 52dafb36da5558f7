"""Predicts the validation split of sentence pairs with ONNX Runtime or OpenVINO and prints its throughput as one line of JSON.

    python Benchmarks/python/onnx_mrpc.py MODEL DATASET --engine onnxruntime [--int8] --onnx FOLDER

The model is exported to FOLDER/model.onnx where that is not there yet, and `--int8` quantizes it dynamically, with a scale a
channel, to FOLDER/int8.onnx. Rows of a batch are padded to its longest. `--steps 0`, the default, takes the whole split.
"""

import argparse
import pathlib
import statistics
import time

import common


def extra():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--engine", choices=["onnxruntime", "openvino"], default="onnxruntime")
    parser.add_argument("--int8", action="store_true")
    parser.add_argument("--onnx", required=True)
    return parser.parse_known_args()


def export(model, folder):
    path = folder / "model.onnx"
    if not path.exists():
        import torch

        names = ["input_ids", "attention_mask", "token_type_ids"]
        inputs = tuple(torch.ones(2, 16, dtype=torch.int64) for _ in names)
        axes = {name: {0: "batch", 1: "sequence"} for name in names} | {"logits": {0: "batch"}}

        class Logits(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.model = model

            def forward(self, input_ids, attention_mask, token_type_ids):
                return self.model(
                    input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).logits

        torch.onnx.export(
            Logits().eval(), inputs, str(path), input_names=names, output_names=["logits"], dynamic_axes=axes,
            opset_version=17, dynamo=False)
    return path


def quantized(path):
    target = path.with_name("int8.onnx")
    if not target.exists():
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantize_dynamic(path, target, weight_type=QuantType.QInt8, per_channel=True)
    return target


def session(path, engine, threads):
    """A function from named arrays to logits."""
    if engine == "openvino":
        import openvino

        core = openvino.Core()
        # Left to itself it computes in bfloat16 where the processor has instructions for it.
        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"} | ({"INFERENCE_NUM_THREADS": threads} if threads else {})
        compiled = core.compile_model(str(path), "CPU", settings)
        return lambda inputs: compiled(inputs)[0]
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    built = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda inputs: built.run(None, inputs)[0]


def main():
    own, rest = extra()
    import sys

    sys.argv = [sys.argv[0], *rest]
    arguments = common.parse(__doc__.splitlines()[0], default_steps=0)
    import numpy

    model, tokenizer, tokenized = common.load(arguments)
    folder = pathlib.Path(own.onnx)
    folder.mkdir(parents=True, exist_ok=True)
    path = export(model, folder)
    run = session(quantized(path) if own.int8 else path, own.engine, arguments.threads)
    rows = tokenized["validation"]
    size = arguments.batch_size
    count = min(len(rows), (arguments.warm_up + arguments.steps) * size) if arguments.steps else len(rows)
    keys = ["input_ids", "attention_mask", "token_type_ids"]
    # As lists: the split's own reading is not what is measured.
    rows = [{key: row[key] for key in keys} for row in rows.select(range(count)).select_columns(keys)]
    durations, logits = [], []
    for start in range(0, count, size):
        began = time.perf_counter()
        batch = tokenizer.pad({key: [row[key] for row in rows[start:start + size]] for key in keys}, return_tensors="np")
        logits.append(run({key: batch[key].astype(numpy.int64) for key in keys}))
        durations.append(time.perf_counter() - began)
    measured = durations[arguments.warm_up:]
    examples = count - arguments.warm_up * size
    common.report({
        "examples_per_second": round(examples / sum(measured), 2),
        "seconds": round(sum(measured), 3),
        "steps": len(measured),
        "warm_up_steps": arguments.warm_up,
        "examples": examples,
        "p50_ms": round(statistics.median(measured) * 1000, 3),
        "loss": None,
        "logits": numpy.concatenate(logits)[:4].tolist(),
    })


main()
