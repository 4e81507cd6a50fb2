"""A devnet and the Python SDK before it. DEVNET_INFO says where it is; .ci/python-sdk starts it."""

import json
import os
import unittest
import urllib.request

from stellar_sdk import Asset, Keypair, Server, SorobanServer, TransactionBuilder

with open(os.environ["DEVNET_INFO"], encoding="utf-8") as file:
    INFO = json.load(file)
PASSPHRASE = INFO["networkPassphrase"]
ACCOUNTS = [Keypair.from_secret(account["secret"]) for account in INFO["accounts"]]
NATIVE = Asset.native()


def control(method, **params):
    """A method of the devnet's own, which no SDK knows."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(INFO["rpcUrl"], body.encode(), headers)
    with urllib.request.urlopen(request) as answer:
        reply = json.load(answer)
    if "error" in reply:
        raise AssertionError(reply["error"])
    return reply["result"]


class DevnetCase(unittest.TestCase):
    def setUp(self):
        self.horizon = Server(INFO["horizonUrl"])
        self.rpc = SorobanServer(INFO["rpcUrl"])
        self.addCleanup(self.horizon.close)
        self.addCleanup(self.rpc.close)

    def new_account(self):
        keypair = Keypair.random()
        url = f'{INFO["friendbotUrl"]}?addr={keypair.public_key}'
        with urllib.request.urlopen(url) as answer:
            self.assertEqual(answer.status, 200)
        return keypair

    def build(self, source, *operations, fee=100, data=None):
        account = self.rpc.load_account(source.public_key)
        builder = TransactionBuilder(account, PASSPHRASE, base_fee=fee).set_timeout(60)
        for name, arguments in operations:
            getattr(builder, f"append_{name}_op")(**arguments)
        if data is not None:
            builder.set_soroban_data(data)
        transaction = builder.build()
        transaction.sign(source)
        return transaction

    def pay(self, source, to, amount="5"):
        payment = ("payment", {"destination": to.public_key, "asset": NATIVE, "amount": amount})
        return self.build(source, payment)

    def send(self, transaction):
        sent = self.rpc.send_transaction(transaction)
        return self.rpc.poll_transaction(sent.hash)

    def contract_transaction(self, source, operation, arguments, data=None):
        transaction = self.build(source, (operation, arguments), data=data)
        prepared = self.rpc.prepare_transaction(transaction)
        prepared.sign(source)
        return self.send(prepared)
