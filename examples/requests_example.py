"""Calls a sold API with Python requests: prints the answer, what it cost and what is left.

CALLORA_URL is the gateway's origin, CALLORA_TOKEN an access token (`callora login`).
"""

import os
import sys
from decimal import Decimal

import requests


def main() -> int:
    gateway, token = os.environ.get("CALLORA_URL"), os.environ.get("CALLORA_TOKEN")
    if not gateway or not token:
        print("set CALLORA_URL to the address of the gateway and CALLORA_TOKEN to an access token", file=sys.stderr)
        return 2
    session = requests.Session()
    session.headers["authorization"] = f"Bearer {token}"
    answer = session.get(f"{gateway}/demo/forecast/oslo", timeout=30)
    if answer.ok:
        print(answer.json())
        # Amounts are decimal texts of USDC: Decimal keeps every digit, float does not.
        price, balance = (Decimal(answer.headers[name]) for name in ("callora-price", "callora-balance"))
        print(f"price {price} USDC, balance {balance} USDC")
        return 0
    problem = answer.json()  # every refusal is problem+json: `code` is stable, `detail` is for people
    if answer.status_code == 402:
        print(f"payment required ({problem['code']}): {problem['title']}", file=sys.stderr)
        print(f"a call costs {problem['price']} USDC, {problem['available']} USDC can be spent", file=sys.stderr)
        for way in problem["pay"]:
            print(f"pay by {way['kind']}: {way}", file=sys.stderr)
    else:
        print(f"refused with {answer.status_code} {problem['code']}: {problem['title']}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
