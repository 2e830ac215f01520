"""The API answers as the original was seen to answer, and where it does better, as is written next to that.

CLAIR_ORIGINAL=1 says that $CLAIR is the original, which proves the recorded data rather than the server.
"""
import pytest

import recorded
from server import ORIGINAL


CASES = [pytest.param(case, id=f"{file}-{case['name'].replace(' ', '-')}") for file, case in recorded.cases()]


@pytest.mark.parametrize("case", CASES)
def test_as_recorded(server, layer_server, webhook, backend, case):
    recorded.serve_layers(layer_server)
    running = server(backend, notifier={"http": {"endpoint": f"{webhook.url}/notify"}})
    wrong = recorded.Replay(running, layer_server, webhook, ORIGINAL).run(case)
    assert not wrong, "\n".join(wrong)
