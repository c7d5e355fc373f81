"""Judges a translated template by the rules of AWS Control Tower, with cfn-guard.

A resource is excused from a rule by its Metadata: `guard: {SuppressedRules: {RULE: reason}}`. An excuse that nothing needs
is a finding too.
"""

import json
import platform
import re
import subprocess
import sys
from pathlib import Path

SYSTEMS = {"Linux": "ubuntu", "Darwin": "macos"}
MACHINES = {"arm64": "aarch64", "AMD64": "x86_64"}
# What cfn-guard's process says of a template that breaks a rule.
BROKEN = 19


def report(package: Path, document: Path) -> dict:
    """What cfn-guard says. The package has both the program and the rules."""
    machine = platform.machine()
    program = package / "bin" / SYSTEMS[platform.system()] / MACHINES.get(machine, machine) / "cfn-guard"
    rules = package / "rules" / "control-tower" / "cfn-guard"
    command = [program, "validate", "--rules", rules, "--data", document, "--structured"]
    command += ["--output-format", "json", "--show-summary", "none"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, BROKEN):
        sys.exit(f"cfn-guard: {done.stderr}")
    [only] = json.loads(done.stdout)
    if not only["compliant"]:
        sys.exit("cfn-guard: no rule was applied")
    return only


def findings(said: dict) -> set:
    """Pairs of resource and rule."""
    found = set()
    for broken in said["not_compliant"]:
        text = json.dumps(broken)
        rules = re.findall(r"\[(CT\.[A-Z0-9.]+)\]", text) or [broken["Rule"]["name"]]
        resources = re.findall(r"/Resources/(\w+)", text) or ["the template"]
        found |= {(resource, rule) for resource in resources for rule in rules}
    return found


def excuses(document: Path) -> dict:
    """The reason of each pair of resource and rule that is excused."""
    resources = json.loads(document.read_text(encoding="utf-8"))["Resources"]
    excused = {}
    for name, resource in resources.items():
        rules = resource.get("Metadata", {}).get("guard", {}).get("SuppressedRules", {})
        excused.update({(name, rule): reason for rule, reason in rules.items()})
    return excused


def is_needed(excuse: tuple, found: set) -> bool:
    """Whether something needs it. What SAM makes beside a function has the function's metadata, and its name first."""
    name, excused = excuse
    return any(rule == excused and name.startswith(resource) for resource, rule in found)


def main(package: str, document: str) -> None:
    said = report(Path(package), Path(document))
    found, excused = findings(said), excuses(Path(document))
    problems = [f"{resource} breaks {rule}" for resource, rule in found - excused.keys()]
    problems += [f"{pair[0]} is excused from {pair[1]}, which it keeps" for pair in excused if not is_needed(pair, found)]
    problems += [f"{pair[0]} is excused from {pair[1]} without a reason" for pair, why in excused.items() if not why]
    print(f"Control Tower: {len(said['compliant'])} rules kept, {len(found & excused.keys())} findings excused")
    if problems:
        sys.exit("\n".join(sorted(problems)))


main(*sys.argv[1:])
