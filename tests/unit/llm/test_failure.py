import pickle

import pytest

from deployments.llm.failure import FAILURE_KINDS, LlmFailure, breaks
from models.llm.reply import GarbledReply
from ranking.errors import DependencyError


@pytest.mark.parametrize(
    "error",
    [
        LlmFailure("llm", "rate_limited", 2.5),
        LlmFailure("llm", "garbage", None, "cut_off"),
        GarbledReply("llm", "not_json"),
    ],
)
def test_errors_survive_the_way_between_replicas(error):
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), back.args, vars(back)) == (type(error), error.args, vars(error))
    assert isinstance(back, DependencyError)


def test_only_our_own_bad_request_and_a_declined_text_do_not_speak_against_the_endpoint():
    assert [kind for kind in FAILURE_KINDS if not breaks(kind)] == ["rejected", "refused"]
