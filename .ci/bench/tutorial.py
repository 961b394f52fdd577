"""What tutorials do, repaired to run: every user in one list, which is written once, as gzip NDJSON.

    tutorial.py URL PAGE_SIZE EXPAND FILE <TOKEN

It prints how many users there were, and stays until its input ends, so that its process can be looked at.
"""

import gzip
import json
import os
import sys

import httpx

url, page_size, expand, file = sys.argv[1:]
headers = {"Authorization": f"Bearer {sys.stdin.readline().strip()}"}
users, page = [], f"/api/v2/users/query?pageSize={page_size}&state=any&expand={expand}"

with httpx.Client(base_url=url, headers=headers, verify=os.environ.get("SSL_CERT_FILE") or True, timeout=60) as client:
    while page:
        reply = client.get(page).raise_for_status().json()
        users.extend(reply["entities"])
        page = reply.get("nextUri")

with open(file, "wb") as out:
    out.write(gzip.compress("".join(json.dumps(user) + "\n" for user in users).encode()))

print(len(users), flush=True)
sys.stdin.readline()
