"""How scenarios ended, as a JUnit report: what build servers read."""

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree import ElementTree as ET

from simulators.scenario import Scenario

SUITE = "posswitch scenarios"


class Ended(NamedTuple):
    """A scenario that was run."""

    scenario: Scenario
    wrong: list[str]
    """A sentence for each expectation that was not met."""
    seconds: float


def junit_report(stories: Sequence[Ended]) -> bytes:
    """A suite with a case for each scenario; a failure tells its first sentence, and then all."""
    suite = ET.Element(
        "testsuite",
        name=SUITE,
        tests=f"{len(stories)}",
        failures=f"{sum(bool(story.wrong) for story in stories)}",
        time=f"{sum(story.seconds for story in stories):.3f}",
    )
    for story in stories:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=story.scenario.channel,
            name=story.scenario.title,
            time=f"{story.seconds:.3f}",
        )
        if story.wrong:
            failure = ET.SubElement(case, "failure", message=story.wrong[0])
            failure.text = "\n".join(story.wrong)
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    report: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return report + b"\n"
