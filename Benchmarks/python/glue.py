"""GLUE's tasks that are fine-tuned: the columns with their texts, and what evaluate's "glue" computes for each. Standard
library only."""

PAIR = ("sentence1", "sentence2")
TEXTS = {"mrpc": PAIR, "rte": PAIR, "cola": ("sentence",)}
METRICS = {"mrpc": ("accuracy", "f1"), "rte": ("accuracy",), "cola": ("matthews_correlation",)}
