"""Prints what CloudFormation makes of a SAM template, without asking AWS.

With parameters (NAME=VALUE) its conditions, references to parameters and texts are resolved too, as a deployment does;
without any, every function of CloudFormation stays as it is.
"""

import json
import re
import sys

from boto3 import Session
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

MANAGED_POLICIES = {
    "AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
NO_VALUE = {"Ref": "AWS::NoValue"}


class Resolver:
    """A template's conditions and values, for the given parameters and the defaults of the others."""

    def __init__(self, template: dict, given: dict):
        self.conditions = template.get("Conditions", {})
        declared = template.get("Parameters", {})
        unknown = given.keys() - declared.keys()
        if unknown:
            sys.exit(f"no such parameters: {', '.join(sorted(unknown))}")
        values = {name: entry["Default"] for name, entry in declared.items() if "Default" in entry}
        values.update(given)
        numbers = {name for name, entry in declared.items() if entry["Type"] == "Number"}
        self.values = {name: int(value) if name in numbers else value for name, value in values.items()}

    def holds(self, condition) -> bool:
        [(name, argument)] = condition.items()
        if name == "Condition":
            return self.holds(self.conditions[argument])
        if name == "Fn::Equals":
            left, right = (self.value(side) for side in argument)
            return str(left) == str(right)
        parts = [self.holds(part) for part in argument]
        return {"Fn::Not": not parts[0], "Fn::And": all(parts), "Fn::Or": any(parts)}[name]

    def value(self, value):
        if isinstance(value, list):
            return [item for item in map(self.value, value) if item != NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref" and argument in self.values:
                return self.values[argument]
            if name == "Fn::If":
                condition, then, otherwise = argument
                return self.value(then if self.holds(self.conditions[condition]) else otherwise)
            if name == "Fn::Sub":
                return self.text(argument)
        entries = {key: self.value(item) for key, item in value.items()}
        return {key: item for key, item in entries.items() if item != NO_VALUE}

    def text(self, argument) -> str:
        """The text of a Fn::Sub; what only a deployment knows stays in it as ${name}."""
        pattern, own = argument if isinstance(argument, list) else (argument, {})
        known = {name: self.value(value) for name, value in own.items()}
        known = {**self.values, **{name: value for name, value in known.items() if not isinstance(value, dict)}}
        return re.sub(r"\$\{(\w+)\}", lambda match: str(known.get(match[1], match[0])), pattern)


def translated(path: str, given: dict) -> dict:
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # Translation wants packaged code; which, does not matter to a linter.
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    translator = Translator(MANAGED_POLICIES, Parser(), boto_session=Session(region_name="us-east-1"))
    return translator.translate(template, given)


def main(path: str, *given: str) -> None:
    parameters = dict(pair.split("=", 1) for pair in given)
    # SAM itself looks at some of them, such as the kind of a deployment.
    template = translated(path, parameters)
    if given:
        resolver = Resolver(template, parameters)
        template["Resources"] = resolver.value(template["Resources"])
    json.dump(template, sys.stdout, indent=1)


main(*sys.argv[1:])
