"""Prints what CloudFormation makes of a SAM template, without asking AWS."""

import json
import sys

from boto3 import Session
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

MANAGED_POLICIES = {
    "AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # Translation wants packaged code; which, does not matter to a linter.
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    translator = Translator(MANAGED_POLICIES, Parser(), boto_session=Session(region_name="us-east-1"))
    json.dump(translator.translate(template, {}), sys.stdout, indent=1)


main(sys.argv[1])
