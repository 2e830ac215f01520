"""The JSON report against docs/report.schema.json, on the samples that dump-report prints."""

import copy
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CLAIR", ROOT / "build-test" / "clair")).parent
DUMP_REPORT = os.environ.get("DUMP_REPORT", BUILD / "tests/unit/report/dump-report")
SCHEMA = json.loads((ROOT / "docs/report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SAMPLES = ["full", "clean", "empty", "unknown", "hostile", "many", "none"]
OPTIONS = [[], ["packages"], ["fixed"], ["severities=16"], ["severities=96", "fixed", "packages"]]


def report(sample, *options):
    done = subprocess.run([DUMP_REPORT, "json", sample, *options], check=True, capture_output=True)
    return json.loads(done.stdout.decode("utf-8"))


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_all_samples_are_known_here():
    names = subprocess.run([DUMP_REPORT], check=True, capture_output=True, text=True).stdout.split()
    assert names == SAMPLES


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
@pytest.mark.parametrize("sample", SAMPLES)
def test_reports_follow_the_schema(sample, options):
    VALIDATOR.validate(report(sample, *options))


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
@pytest.mark.parametrize("sample", SAMPLES)
def test_counts_agree_with_the_lists(sample, options):
    for target in report(sample, *options)["targets"]:
        summary = target["summary"]
        assert sum(summary["by_severity"].values()) == summary["findings"]
        assert len(target["vulnerabilities"]) == summary["findings"] - summary["hidden"]
        assert len(target["not_evaluated"]) == summary["not_evaluated"]
        assert ("packages" in target) == ("packages" in options)
        assert len(target.get("packages", range(summary["packages"]))) == summary["packages"]


def test_the_example_in_the_documentation_follows_the_schema():
    text = (ROOT / "docs/report.md").read_text(encoding="utf-8")
    examples = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 1
    VALIDATOR.validate(json.loads(examples[0]))


DAMAGES = {
    "no targets": lambda r: r.pop("targets"),
    "unknown member": lambda r: r["targets"][0].update(extra=1),
    "no summary": lambda r: r["targets"][0].pop("summary"),
    "empty digest": lambda r: r["targets"][0].update(digest=""),
    "lower-case severity": lambda r: r["targets"][0]["vulnerabilities"][0].update(severity="high"),
    "empty fixed_in": lambda r: r["targets"][0]["vulnerabilities"][0].update(fixed_in=""),
    "unknown state": lambda r: r["targets"][0]["vulnerabilities"][0].update(state="open"),
    "package without version": lambda r: r["targets"][0]["packages"][0].pop("version"),
    "negative count": lambda r: r["targets"][0]["summary"].update(findings=-1),
    "severity not counted": lambda r: r["targets"][0]["summary"]["by_severity"].pop("low"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_schema_notices_damage(damage):
    damaged = copy.deepcopy(report("full", "packages"))
    DAMAGES[damage](damaged)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(damaged)
