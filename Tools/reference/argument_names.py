"""Writes the names, defaults and `to_dict()` of transformers' TrainingArguments, which Swiftlet's ArgumentTableTests read.

    python argument_names.py Tests/Fixtures/trainer

writes `training_arguments-<version>.json` for the version that is installed; made with 5.23.0 and 4.57.6. With the path of
an older version's `training_args.py` it writes the names of its fields alone; made with that of the wheel of 4.46.3:

    python argument_names.py Tests/Fixtures/trainer transformers/training_args.py 4.46.3
"""

import ast
import json
import sys


def write(folder, version, content):
    with open(f"{folder}/training_arguments-{version}.json", "w") as file:
        json.dump({"transformers": version, **content}, file, indent=1)
        file.write("\n")


def from_source(path):
    with open(path) as file:
        tree = ast.parse(file.read())
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == "TrainingArguments":
            return [field.target.id for field in node.body if isinstance(field, ast.AnnAssign)]


def main():
    folder = sys.argv[1]
    if len(sys.argv) > 2:
        write(folder, sys.argv[3], {"names": from_source(sys.argv[2])})
        return
    import dataclasses

    import transformers

    arguments = transformers.TrainingArguments("out", use_cpu=True)
    values = arguments.to_dict()
    values["use_cpu"] = False
    # The machine's name and the time are in it.
    values.pop("logging_dir", None)
    write(
        folder,
        transformers.__version__,
        {"names": [field.name for field in dataclasses.fields(arguments)], "to_dict": values},
    )


main()
