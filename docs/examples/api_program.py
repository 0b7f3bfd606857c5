"""A program of a merchant: lists its stores, adds a member, and knows what was told by posswitch.

POSSWITCH_KEY=psk_... python api_program.py http://127.0.0.1:8688 MERCHANT PHONE
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen


def ask(path, body=None):
    """What is told; asked again where the house is away or busy, which does nothing twice."""
    request = Request(f"{ADDRESS}/v1/{path}", body and json.dumps(body).encode())
    request.add_header("Authorization", f"Bearer {os.environ['POSSWITCH_KEY']}")
    for _ in range(5):
        try:
            return json.load(urlopen(request, timeout=30))
        except HTTPError as error:
            if error.code not in {429, 503}:
                return json.load(error)
            time.sleep(int(error.headers.get("Retry-After", "1")))
        except OSError:
            time.sleep(1)  # no answer: what was done is not done twice
    sys.exit("the house is away")


def rows(view, **filters):
    """Every row of a view, by its columns, a page after the other."""
    page = {"next": [None]}
    while page["next"]:
        after = [("after", each) for each in page["next"] if each is not None]
        page = ask(f"show/{view}?{urlencode([*filters.items(), *after])}")
        if page["type"] != "page":
            sys.exit(page["en"])
        yield from (dict(zip(page["columns"], row, strict=True)) for row in page["rows"])


def is_theirs(secret, headers, body):
    """Whether an event was sent by who has the secret, and lately (standardwebhooks.com)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    at = headers["webhook-timestamp"]
    signed = f"{headers['webhook-id']}.{at}.".encode() + body
    right = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    told = headers["webhook-signature"].split(" ")
    return abs(time.time() - int(at)) < 300 and any(hmac.compare_digest(right, one) for one in told)


if __name__ == "__main__":
    ADDRESS, merchant, phone = sys.argv[1:]
    for store in rows("stores"):
        print("store", store["id"], store["name"])
    asked = {"values": {"merchant": merchant, "phone": phone}, "once_key": f"add-{phone}"}
    told = ask("do/member.add", asked)
    print(told["type"], told.get("subject") or told.get("en", ""))
