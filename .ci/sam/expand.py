"""Expands a SAM template to plain CloudFormation in JSON, as the service itself does when it deploys, and asks nobody.

    expand.py TEMPLATE OUT    OUT is a file, or - for what this prints; run with the SAM CLI's own Python

Local files are put where sam package would put them: a function's code stands in a bucket that does not exist, and a state
machine's definition stands in the template, where linters and emulators find it. Its substitutions stay as they are.
"""

import json
import os
import pathlib
import sys

from samtranslator.model.exceptions import ExceptionWithMessage, InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

REGION = "eu-central-1"
PACKAGED = {"Bucket": "packaged-artifacts", "Key": "artifact"}


class NoManagedPolicies:
    """No policy is known by name: a template that names one of AWS's has to give its ARN."""

    def load(self):
        return {}


def main():
    template, out = sys.argv[1:]
    os.environ["AWS_DEFAULT_REGION"] = REGION  # it is asked for, and what is expanded depends on it in no other way
    text = json.dumps(expand(pathlib.Path(template)), indent=1, ensure_ascii=False) + "\n"
    if out == "-":
        sys.stdout.write(text)
    else:
        pathlib.Path(out).write_text(text, encoding="utf-8")


def expand(path):
    template = read(path)
    definitions = package(template, path.parent)
    try:
        expanded = transform(template, {}, NoManagedPolicies(), passthrough_metadata=True)
    except InvalidDocumentException as refusal:
        raise SystemExit(f"{path} cannot be expanded:\n" + "\n".join(words(refusal))) from None
    for logical_id, definition in definitions.items():
        properties = expanded["Resources"][logical_id]["Properties"]
        del properties["DefinitionS3Location"]
        properties["DefinitionString"] = definition
    return expanded


def read(path):
    try:
        template = yaml_parse(path.read_text(encoding="utf-8"))
    except OSError as failure:
        raise SystemExit(f"the template cannot be read: {failure}") from None
    except Exception as failure:  # the parser's own errors have no common class
        raise SystemExit(f"{path} is no YAML: {failure}") from None
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise SystemExit(f"{path} has no Resources")
    return template


def package(template, folder):
    """Replaces local files by what stands for them in S3, and returns the definitions of the state machines."""
    definitions = {}
    for logical_id, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource.get("Type") == "AWS::Serverless::Function":
            if not (folder / properties.get("CodeUri", "")).is_dir():
                raise SystemExit(f"{logical_id}: CodeUri names no folder: {properties.get('CodeUri')!r}")
            properties["CodeUri"] = dict(PACKAGED)
        elif resource.get("Type") == "AWS::Serverless::StateMachine" and "DefinitionUri" in properties:
            definitions[logical_id] = definition(logical_id, folder / properties["DefinitionUri"])
            properties["DefinitionUri"] = dict(PACKAGED)
    return definitions


def definition(logical_id, path):
    """The text of a state machine's definition, as it stands in its file."""
    try:
        text = path.read_text(encoding="utf-8")
        json.loads(text)
    except OSError as failure:
        raise SystemExit(f"{logical_id}: the definition cannot be read: {failure}") from None
    except ValueError as failure:
        raise SystemExit(f"{logical_id}: the definition {path} is no JSON: {failure}") from None
    return text


def words(refusal):
    for cause in refusal.causes:
        yield cause.message if isinstance(cause, ExceptionWithMessage) else str(cause)


if __name__ == "__main__":
    main()
