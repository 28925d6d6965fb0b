"""The contract suite, run for every backend of `conftest.py`."""

from tests.store.contract import *
from tests.store.contract_feeds import *
from tests.store.contract_gate import *
from tests.store.contract_hosts import *
from tests.store.contract_pages import *
from tests.store.contract_rebuilds import *
from tests.store.contract_search import *
from tests.store.contract_settle import *
from tests.store.contract_take import *
from tests.store.contract_versions import *
