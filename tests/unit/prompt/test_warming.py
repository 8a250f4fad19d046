"""After warming up the parser builds nothing more, whatever it reads first."""

import subprocess
import sys

_SCRIPT = """
import time
from ranking.prompt import parse
from ranking.prompt.warming import warm_up
from ranking.taxonomy import load_taxonomy

taxonomy = load_taxonomy()
started = time.process_time()
warm_up(taxonomy)
built = time.process_time() - started
prompts = ("Wir verkaufen Buchaltungssoftware an Krankenhäuser in Bayern, keine Banken, ähnlich wie Qwrtz", "xqzv kjhq wrtl logitics")
started = time.process_time()
for prompt in prompts:
    parse(prompt, taxonomy)
print((time.process_time() - started) / built)
"""


def test_the_first_prompts_after_warming_up_cost_little_of_what_it_costs():
    told = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True)
    assert float(told.stdout) < 0.1
