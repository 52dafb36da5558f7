"""Losses and speed beside Python's Trainer, on the same device, with the same weights, rows and order."""

import json
import math
import statistics
import time

import torch

#: Dense bfloat16 operations a second, by the name that CUDA gives a card.
PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12, "RTX 4090": 165e12}


def peak(name):
    return next((value for key, value in PEAKS.items() if key in name), None)


def shaped(folder, base, size, drops=False, has_head=True):
    """A model folder with weights drawn from a seed: of MiniLM's sizes, or of BERT-base's. Dropout only where asked for:
    its random numbers differ between devices and from Python's. Without a head, any task can be trained on it."""
    import shutil

    import transformers

    shutil.copytree(base, folder)
    labels = {"num_labels": 2} if has_head else {}
    config = transformers.BertConfig(**json.loads((folder / "config.json").read_text()), **labels)
    if size == "BERT-base":
        config.hidden_size, config.num_hidden_layers, config.num_attention_heads = 768, 12, 12
        config.intermediate_size = 3072
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.1 if drops else 0.0
    torch.manual_seed(7)
    architecture = transformers.BertForSequenceClassification if has_head else transformers.BertModel
    architecture(config).save_pretrained(folder)
    return folder


def rows(path, tokenizer, count=None):
    lines = [json.loads(line) for line in open(path, encoding="utf-8")][:count]
    return [
        dict(tokenizer(line["sentence1"], line["sentence2"], truncation=True, max_length=128)) | {"labels": line["label"]}
        for line in lines]


def python_trainer(model_folder, path, work, steps, device, precision):
    """transformers' Trainer with its defaults."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(model_folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(model_folder, attn_implementation="eager")
    arguments = transformers.TrainingArguments(
        str(work), max_steps=steps, logging_steps=1, save_strategy="no", report_to="none", disable_tqdm=True,
        use_cpu=device == "cpu", bf16=precision == "bf16", fp16=precision == "fp16", seed=42)
    return transformers.Trainer(
        model, arguments, train_dataset=rows(path, tokenizer), processing_class=tokenizer,
        data_collator=transformers.DataCollatorWithPadding(tokenizer))


def python_losses(*given):
    """Of each step of transformers' Trainer."""
    trainer = python_trainer(*given)
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def python_losses_by_hand(model_folder, path, work, steps, device, precision):
    """The same in float16 on a CPU, where the Trainer would train in float32: its batches and its steps, with PyTorch's
    autocast and GradScaler."""
    assert precision == "fp16" and device == "cpu"
    trainer = python_trainer(model_folder, path, work, steps, device, "fp32")
    model = trainer.model.train()
    trainer.create_optimizer_and_scheduler(steps)
    scaler, losses = torch.amp.GradScaler("cpu"), []
    torch.manual_seed(trainer.args.seed)
    loader = trainer.get_train_dataloader()
    while len(losses) < steps:
        for batch in loader:
            with torch.autocast("cpu", dtype=torch.float16):
                loss = model(**batch).loss
            losses.append(loss.item())
            scaler.scale(loss).backward()
            scaler.unscale_(trainer.optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), trainer.args.max_grad_norm)
            scaler.step(trainer.optimizer)
            scaler.update()
            # After updates that were left out too: accelerate takes the fused optimizer's call for one.
            trainer.lr_scheduler.step()
            trainer.optimizer.zero_grad()
            if len(losses) == steps:
                break
    return losses


def python_speed(model_folder, path, batch_size, device, attention, seconds):
    """Real tokens a second of a training step in bfloat16, the median; None where this attention is not installed."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(model_folder)
    try:
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            model_folder, attn_implementation=attention)
    except (ImportError, ValueError) as error:
        return {"left_out": str(error).splitlines()[0]}
    model = model.to(device).train()
    collate = transformers.DataCollatorWithPadding(tokenizer)
    examples = rows(path, tokenizer)
    batches = [collate(examples[i : i + batch_size]) for i in range(0, len(examples) - batch_size + 1, batch_size)]
    batches = batches or [collate(examples)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, fused=device != "cpu")
    rates, begin, step = [], time.monotonic(), 0
    while time.monotonic() - begin < seconds or len(rates) < 3:
        batch = batches[step % len(batches)]
        tokens = int(batch["attention_mask"].sum())
        started = time.monotonic()
        with torch.autocast(device, dtype=torch.bfloat16):
            loss = model(**{key: value.to(device) for key, value in batch.items()}).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if device != "cpu":
            torch.cuda.synchronize()
        step += 1
        if step > 2:
            rates.append(tokens / (time.monotonic() - started))
    return {"tokens_per_second": statistics.median(rates), "steps": len(rates)}


def operations(model_folder):
    """Of a training step, for a token: 6 for each weight of a product; attention's, which depend on lengths, are left
    out, so that the share of the peak is a lower bound."""
    config = json.loads((model_folder / "config.json").read_text())
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    return 6 * layers * (4 * hidden * hidden + 2 * hidden * config["intermediate_size"])


def farthest(one, two):
    """The largest relative difference of two runs' losses."""
    if len(one) != len(two) or not one:
        return math.inf
    return max(abs(a - b) / max(abs(b), 1e-2) for a, b in zip(one, two))
