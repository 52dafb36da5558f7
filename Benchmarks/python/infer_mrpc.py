"""Predicts the validation split of sentence pairs with Trainer and prints its throughput as one line of JSON.

    python Benchmarks/python/infer_mrpc.py MODEL DATASET --config mrpc

`--steps 0`, the default, takes the whole split; the clock runs over the batches after the warm-up.
"""

import time

from common import load, parse, report

arguments = parse(__doc__.splitlines()[0], default_steps=0)

import tempfile

from transformers import Trainer, TrainerCallback, TrainingArguments, PrinterCallback


class Clock(TrainerCallback):
    """Starts after the last batch of the warm-up and stops after the last batch."""

    def __init__(self):
        self.batches, self.started, self.stopped = 0, 0.0, 0.0

    def on_prediction_step(self, args, state, control, **kwargs):
        self.batches += 1
        if self.batches == arguments.warm_up:
            self.started = time.perf_counter()
        self.stopped = time.perf_counter()


def main():
    model, tokenizer, tokenized = load(arguments)
    split = tokenized["validation"]
    if arguments.steps:
        split = split.select(range(min(len(split), (arguments.warm_up + arguments.steps) * arguments.batch_size)))
    with tempfile.TemporaryDirectory() as output:
        settings = TrainingArguments(
            output, seed=arguments.seed, per_device_eval_batch_size=arguments.batch_size, use_cpu=True,
            bf16=arguments.bf16, bf16_full_eval=arguments.bf16, disable_tqdm=True, save_strategy="no",
        )
        clock = Clock()
        trainer = Trainer(model, settings, processing_class=tokenizer, callbacks=[clock])
        trainer.remove_callback(PrinterCallback)
        predictions = trainer.predict(split)
    seconds = clock.stopped - clock.started
    examples = len(split) - arguments.warm_up * arguments.batch_size
    report({
        "examples_per_second": round(examples / seconds, 2),
        "seconds": round(seconds, 3),
        "steps": clock.batches - arguments.warm_up,
        "warm_up_steps": arguments.warm_up,
        "examples": examples,
        "loss": predictions.metrics["test_loss"],
        "logits": predictions.predictions[:4].tolist(),
    })


main()
