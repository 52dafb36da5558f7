"""Fine-tunes a checkpoint on sentence pairs with Trainer's defaults and prints its throughput as one line of JSON.

    python Benchmarks/python/train_mrpc.py MODEL DATASET --config mrpc --steps 40

Losses and gradient norms cover every step from the first; the clock runs over the steps after the warm-up.
The schedule decays over all the steps that are run, warm-up included.
"""

import time

from common import load, parse, report

arguments = parse(__doc__.splitlines()[0], default_steps=40)

import tempfile

from transformers import Trainer, TrainerCallback, TrainingArguments, PrinterCallback


class Clock(TrainerCallback):
    """Starts after the last step of the warm-up has ended and stops after the last step."""

    started = stopped = 0.0

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == arguments.warm_up:
            self.started = time.perf_counter()
        self.stopped = time.perf_counter()


def main():
    model, tokenizer, tokenized = load(arguments)
    with tempfile.TemporaryDirectory() as output:
        settings = TrainingArguments(
            output, seed=arguments.seed, per_device_train_batch_size=arguments.batch_size,
            max_steps=arguments.warm_up + arguments.steps, bf16=arguments.bf16, use_cpu=True,
            logging_steps=1, save_strategy="no", disable_tqdm=True,
        )
        clock = Clock()
        trainer = Trainer(
            model, settings, train_dataset=tokenized["train"], processing_class=tokenizer, callbacks=[clock])
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    log = [entry for entry in trainer.state.log_history if "loss" in entry]
    seconds = clock.stopped - clock.started
    report({
        "examples_per_second": round(arguments.steps * arguments.batch_size / seconds, 2),
        "seconds": round(seconds, 3),
        "steps": arguments.steps,
        "warm_up_steps": arguments.warm_up,
        "losses": [entry["loss"] for entry in log],
        "grad_norms": [entry["grad_norm"] for entry in log],
    })


main()
