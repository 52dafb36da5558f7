"""The Hub's Python client (huggingface_hub 2.4.0, with transformers 5.23.0 and datasets 5.2.0) at work on a server and a cache that the tests give it.

    HF_ENDPOINT=http://127.0.0.1:PORT HF_HUB_CACHE=FOLDER python Tools/reference/hub_client.py COMMAND ...

    snapshot KIND REPO [REVISION]   snapshot_download: its folder, and the SHA-256 of each file
    file KIND REPO FILE             hf_hub_download: its path and SHA-256
    list KIND REPO                  the files of the repository, with sizes and hashes
    upload KIND REPO FOLDER         create_repo and upload_folder: the commit
    scan                            scan_cache_dir: repositories, revisions, sizes
    delete COMMIT...                delete_revisions: the bytes that were expected to be freed
    model REPO TEXT                 transformers: the text's token ids, and the logits of the classifier
    dataset NAME CONFIG             datasets.load_dataset: the rows of each split, and the first row of train

Each prints one line of JSON. With HF_HUB_OFFLINE=1 `snapshot` and `file` read the cache only. Files go to the store by
the protocol of Git LFS, as the server of the tests has no Xet.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("HF_HUB_DISABLE_UPDATE_CHECK", "1")

# This file's folder holds a namesake of a library.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

import huggingface_hub


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def snapshot(kind, repo, revision=None):
    folder = Path(huggingface_hub.snapshot_download(repo, repo_type=kind, revision=revision))
    files = {str(path.relative_to(folder)): digest(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    return {"folder": str(folder), "files": files}


def file(kind, repo, name):
    path = huggingface_hub.hf_hub_download(repo, name, repo_type=kind)
    return {"path": path, "sha256": digest(path)}


def list_files(kind, repo):
    files = {}
    for entry in huggingface_hub.HfApi().list_repo_tree(repo, repo_type=kind, recursive=True):
        if isinstance(entry, huggingface_hub.hf_api.RepoFile):
            files[entry.path] = {"size": entry.size, "hash": entry.lfs.sha256 if entry.lfs else entry.blob_id}
    return {"files": files, "commit": huggingface_hub.HfApi().repo_info(repo, repo_type=kind).sha}


def upload(kind, repo, folder):
    api = huggingface_hub.HfApi()
    api.create_repo(repo, repo_type=kind, exist_ok=True)
    commit = api.upload_folder(folder_path=folder, repo_id=repo, repo_type=kind, commit_message="From Python")
    return {"commit": commit.oid}


def scan():
    report = huggingface_hub.scan_cache_dir()
    repositories = {}
    for repo in report.repos:
        repositories[f"{repo.repo_type} {repo.repo_id}"] = {
            "size": repo.size_on_disk,
            "files": repo.nb_files,
            "revisions": {
                revision.commit_hash: {
                    "size": revision.size_on_disk,
                    "refs": sorted(revision.refs),
                    "files": sorted(str(entry.file_path.relative_to(revision.snapshot_path)) for entry in revision.files),
                }
                for revision in sorted(repo.revisions, key=lambda revision: revision.commit_hash)
            },
        }
    return {"size": report.size_on_disk, "warnings": len(report.warnings), "repositories": repositories}


def delete(*commits):
    strategy = huggingface_hub.scan_cache_dir().delete_revisions(*commits)
    strategy.execute()
    return {"freed": strategy.expected_freed_size}


def model(repo, text):
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(repo)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(repo)
    inputs = tokenizer(text, return_tensors="pt")
    logits = network(**inputs).logits[0].tolist()
    return {"ids": inputs["input_ids"][0].tolist(), "logits": logits}


def dataset(name, config):
    import datasets

    loaded = datasets.load_dataset(name, config)
    return {"rows": {split: len(rows) for split, rows in loaded.items()}, "first": loaded["train"][0]}


if __name__ == "__main__":
    commands = {
        "snapshot": snapshot, "file": file, "list": list_files, "upload": upload, "scan": scan, "delete": delete,
        "model": model, "dataset": dataset,
    }
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    print(json.dumps(commands[sys.argv[1]](*sys.argv[2:]), sort_keys=True))
