"""The devnet as the Python SDK sees it: its models are strict, so an answer of the wrong shape fails here.

Run by .ci/python-sdk.
"""

import unittest

from devnet_case import ACCOUNTS, INFO, NATIVE, PASSPHRASE, DevnetCase, control
from stellar_sdk import Asset, Keypair, Signer, TransactionBuilder, scval
from stellar_sdk import xdr as stellar_xdr
from stellar_sdk.contract import ContractClient
from stellar_sdk.exceptions import BadRequestError, NotFoundError
from stellar_sdk.sep import stellar_web_authentication as sep10
from stellar_sdk.soroban_rpc import EventFilter, EventFilterType, GetTransactionStatus

class Rpc(DevnetCase):
    def test_tells_who_it_is_and_that_it_is_healthy(self):
        self.assertEqual(self.rpc.get_health().status, "healthy")
        self.assertEqual(self.rpc.get_network().passphrase, PASSPHRASE)
        self.assertEqual(self.rpc.get_version_info().protocol_version, 27)
        self.assertGreaterEqual(self.rpc.get_latest_ledger().sequence, 1)
        self.assertGreaterEqual(int(self.rpc.get_fee_stats().inclusion_fee.max), 0)

    def test_applies_what_is_sent(self):
        source, to = self.new_account(), self.new_account()
        done = self.send(self.pay(source, to))
        self.assertEqual(done.status, GetTransactionStatus.SUCCESS)
        result = stellar_xdr.TransactionResult.from_xdr(done.result_xdr)
        self.assertEqual(result.fee_charged.int64, 100)

    def test_says_why_a_transaction_is_refused(self):
        source = self.new_account()
        transaction = self.pay(source, ACCOUNTS[0])
        transaction.signatures.clear()
        answer = self.rpc.send_transaction(transaction)
        self.assertEqual(answer.status.value, "ERROR")
        result = stellar_xdr.TransactionResult.from_xdr(answer.error_result_xdr)
        self.assertEqual(result.result.code, stellar_xdr.TransactionResultCode.txBAD_AUTH)

    def test_pages_through_ledgers_and_transactions(self):
        self.send(self.pay(self.new_account(), ACCOUNTS[0]))
        start = self.rpc.get_health().oldest_ledger
        page = self.rpc.get_transactions(start_ledger=start, limit=2)
        seen = [transaction.transaction_hash for transaction in page.transactions]
        self.assertEqual(len(seen), 2)
        following = self.rpc.get_transactions(cursor=page.cursor, limit=2)
        self.assertTrue(set(seen).isdisjoint(one.transaction_hash for one in following.transactions))
        ledgers = self.rpc.get_ledgers(start_ledger=start, limit=3).ledgers
        self.assertEqual([ledger.sequence for ledger in ledgers], [start, start + 1, start + 2])

    def test_calls_contracts_and_finds_their_events(self):
        owner, to = self.new_account(), self.new_account()
        coin = Asset("PYT", owner.public_key)
        trust = ("change_trust", {"asset": coin, "source": to.public_key})
        trusted = self.build(owner, trust)
        trusted.sign(to)
        self.assertEqual(self.send(trusted).status, GetTransactionStatus.SUCCESS)
        made = self.contract_transaction(owner, "create_stellar_asset_contract_from_asset", {"asset": coin})
        self.assertEqual(made.status, GetTransactionStatus.SUCCESS)
        contract_id = coin.contract_id(PASSPHRASE)
        client = ContractClient(contract_id, INFO["rpcUrl"], PASSPHRASE)
        self.addCleanup(client.server.close)
        to_address = scval.to_address(to.public_key)
        mint = client.invoke("mint", [to_address, scval.to_int128(700)], source=owner.public_key, signer=owner)
        mint.sign_and_submit()
        balance = client.invoke(
            "balance", [to_address], source=owner.public_key, parse_result_xdr_fn=scval.from_int128
        )
        self.assertEqual(balance.result(), 700)
        topics = [scval.to_symbol("mint").to_xdr(), "**"]
        only = EventFilter(event_type=EventFilterType.CONTRACT, contract_ids=[contract_id], topics=[topics])
        found = self.rpc.get_events(start_ledger=made.ledger, filters=[only]).events
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0].contract_id, contract_id)
        amount = scval.to_native(stellar_xdr.SCVal.from_xdr(found[0].value))
        self.assertEqual(amount["amount"] if isinstance(amount, dict) else amount, 700)

    def test_takes_a_fee_bump_of_another_account(self):
        source, payer = self.new_account(), self.new_account()
        inner = self.pay(source, ACCOUNTS[0])
        bump = TransactionBuilder.build_fee_bump_transaction(payer, 200, inner, PASSPHRASE)
        bump.sign(payer)
        done = self.send(bump)
        self.assertTrue(done.fee_bump)
        self.assertEqual(done.status, GetTransactionStatus.SUCCESS)


class Horizon(DevnetCase):
    def test_submits_and_tells_of_the_transaction(self):
        source, to = self.new_account(), self.new_account()
        sent = self.horizon.submit_transaction(self.pay(source, to))
        self.assertTrue(sent["successful"])
        payments = self.horizon.payments().for_account(to.public_key).order("desc").call()
        newest = payments["_embedded"]["records"][0]
        self.assertEqual((newest["type"], newest["amount"], newest["from"]), ("payment", "5.0000000", source.public_key))

    def test_submits_without_waiting(self):
        sent = self.horizon.submit_transaction_async(self.pay(self.new_account(), ACCOUNTS[0]))
        self.assertEqual(sent["tx_status"], "PENDING")

    def test_names_the_codes_of_a_failed_transaction(self):
        source = self.new_account()
        nobody = Keypair.random()
        with self.assertRaises(BadRequestError) as raised:
            self.horizon.submit_transaction(self.pay(source, nobody))
        self.assertEqual(raised.exception.extras["result_codes"]["operations"], ["op_no_destination"])

    def test_has_every_list_of_the_client(self):
        builders = ["assets", "claimable_balances", "effects", "ledgers", "liquidity_pools", "offers", "operations"]
        for name in [*builders, "payments", "trades", "transactions"]:
            with self.subTest(name):
                page = getattr(self.horizon, name)().limit(5).call()
                self.assertIn("records", page["_embedded"])
        by_signer = self.horizon.accounts().for_signer(ACCOUNTS[0].public_key).call()
        self.assertEqual(by_signer["_embedded"]["records"][0]["account_id"], ACCOUNTS[0].public_key)
        dollar = Asset("USD", ACCOUNTS[0].public_key)
        self.horizon.orderbook(NATIVE, dollar).call()
        self.horizon.trade_aggregations(NATIVE, dollar, 3_600_000, 0, 3_600_000).call()
        for paths in [
            self.horizon.strict_receive_paths([NATIVE], NATIVE, "5"),
            self.horizon.strict_send_paths(NATIVE, "5", [NATIVE]),
        ]:
            self.assertIn("records", paths.call()["_embedded"])
        self.assertEqual(self.horizon.root().call()["network_passphrase"], PASSPHRASE)
        self.assertGreaterEqual(int(self.horizon.fee_stats().call()["last_ledger_base_fee"]), 100)
        self.assertEqual(self.horizon.fetch_base_fee(), 100)

    def test_reads_data_of_an_account(self):
        who = self.new_account()
        self.send(self.build(who, ("manage_data", {"data_name": "colour", "data_value": "red"})))
        self.assertEqual(self.horizon.data(who.public_key, "colour").call()["value"], "cmVk")

    def test_pages_forth_and_back(self):
        call = self.horizon.operations().limit(3)
        first = call.call()["_embedded"]["records"]
        call.next()
        back = call.prev()
        self.assertEqual([one["id"] for one in back["_embedded"]["records"]][::-1], [one["id"] for one in first])

    def test_streams_what_comes(self):
        to = self.new_account()
        stream = self.horizon.payments().for_account(to.public_key).cursor("0").stream()
        self.assertEqual(next(stream)["type"], "create_account")
        self.send(self.pay(ACCOUNTS[1], to))
        self.assertEqual(next(stream)["type"], "payment")
        stream.close()

    def test_does_not_find_what_is_not_there(self):
        with self.assertRaises(NotFoundError):
            self.horizon.load_account(Keypair.random().public_key)


class WebAuthentication(DevnetCase):
    def test_accepts_a_challenge_signed_as_the_account_says(self):
        server, client, other = ACCOUNTS[0], self.new_account(), Keypair.random()
        more = ("set_options", {"master_weight": 1, "med_threshold": 2, "signer": Signer.ed25519_public_key(other.public_key, 1)})
        self.assertEqual(self.send(self.build(client, more)).status, GetTransactionStatus.SUCCESS)
        challenge = sep10.build_challenge_transaction(
            server.secret, client.public_key, "home.example", "auth.example", PASSPHRASE, 300
        )
        envelope = TransactionBuilder.from_xdr(challenge, PASSPHRASE)
        envelope.sign(client)
        account = self.horizon.load_account(client.public_key)
        signers = account.load_ed25519_public_key_signers()
        check = lambda: sep10.verify_challenge_transaction_threshold(
            envelope.to_xdr(), server.public_key, "home.example", "auth.example", PASSPHRASE, 2, signers
        )
        with self.assertRaises(sep10.InvalidSep10ChallengeError):
            check()
        envelope.sign(other)
        self.assertEqual({signer.account_id for signer in check()}, {client.public_key, other.public_key})


class Control(DevnetCase):
    def test_a_lost_answer_has_taken_effect(self):
        transaction = self.pay(self.new_account(), ACCOUNTS[0])
        control("devnet_setFault", target="sendTransaction", fault={"kind": "drop-reply-after-apply"}, times=1)
        # The client asks again by itself, and hears that the network has it.
        self.assertIn(self.rpc.send_transaction(transaction).status.value, ["DUPLICATE", "TRY_AGAIN_LATER"])
        self.assertEqual(self.rpc.get_transaction(transaction.hash_hex()).status, GetTransactionStatus.SUCCESS)

    def test_closes_ledgers_at_once(self):
        before = self.rpc.get_latest_ledger().sequence
        control("devnet_mine", ledgers=100)
        self.assertGreaterEqual(self.rpc.get_latest_ledger().sequence, before + 100)


if __name__ == "__main__":
    unittest.main(verbosity=2)
