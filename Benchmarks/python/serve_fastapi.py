"""A server for sentence embeddings as one writes it in Python: FastAPI before transformers, or before ONNX Runtime.

    python serve_fastapi.py --engine transformers|onnx --model FOLDER --port PORT [--threads N]

It answers POST /embed {"inputs": TEXT or [TEXT, ...]} with a list of vectors, and GET /health.
"""

import argparse
import pathlib
import tempfile

import fastapi
import torch
import transformers
import uvicorn

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--engine", choices=["transformers", "onnx"], required=True)
parser.add_argument("--model", required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--threads", type=int, default=2)
arguments = parser.parse_args()

torch.set_num_threads(arguments.threads)
tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.model)
model = transformers.AutoModel.from_pretrained(arguments.model).eval()


def pooled(states, mask):
    mask = mask.unsqueeze(-1).to(states.dtype)
    vectors = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
    return torch.nn.functional.normalize(vectors, dim=1)


class Pooled(torch.nn.Module):
    """The whole way from ids to vectors, as one graph."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        states = self.model(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        return pooled(states, attention_mask)


def onnx_session():
    import onnxruntime

    path = pathlib.Path(tempfile.mkdtemp()) / "model.onnx"
    batch = tokenizer(["one text", "and another one"], padding=True, return_tensors="pt")
    names = ["input_ids", "attention_mask", "token_type_ids"]
    torch.onnx.export(
        Pooled(model), tuple(batch[name] for name in names), str(path), input_names=names, output_names=["vectors"],
        dynamic_axes={name: {0: "batch", 1: "sequence"} for name in names}, opset_version=17, dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


session = onnx_session() if arguments.engine == "onnx" else None
app = fastapi.FastAPI()


@app.get("/health")
def health():
    return {}


# Not async: FastAPI runs it on its pool of threads, so that requests overlap.
@app.post("/embed")
def embed(body: dict):
    texts = body["inputs"] if isinstance(body["inputs"], list) else [body["inputs"]]
    if session:
        batch = tokenizer(texts, padding=True, truncation=True, return_tensors="np")
        return session.run(["vectors"], {name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids")})[0].tolist()
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        return pooled(model(**batch).last_hidden_state, batch["attention_mask"]).tolist()


uvicorn.run(app, port=arguments.port, log_level="warning")
