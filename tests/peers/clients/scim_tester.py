"""PyPI's scim2-tester against a SCIM server: prints what did not pass, one check a line, and how many checks there were."""
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

BASE, TOKEN = sys.argv[1], sys.argv[2]

http = Client(base_url=BASE, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)
results = check_server(SyncSCIMClient(http))
for result in results:
    if result.status not in (Status.SUCCESS, Status.SKIPPED):
        print(f"{result.status.name} {result.title}: {result.reason}")
passed = sum(result.status == Status.SUCCESS for result in results)
print(f"passed {passed}")
