"""A contract's whole life as the Python SDK leads it: code, constructor, calls, longer life, archive and back."""

import hashlib
import pathlib
import unittest

from devnet_case import INFO, PASSPHRASE, DevnetCase, control
from stellar_sdk import Address, Asset, SorobanDataBuilder, scval
from stellar_sdk import xdr as stellar_xdr
from stellar_sdk.contract import ContractClient
from stellar_sdk.soroban_rpc import GetTransactionStatus

ROOT = pathlib.Path(__file__).parents[3]
WASM = (ROOT / "contracts/dist/vault.wasm").read_bytes()
CODE = hashlib.sha256(WASM).digest()
INSTANCE = stellar_xdr.SCVal(stellar_xdr.SCValType.SCV_LEDGER_KEY_CONTRACT_INSTANCE)
CONFIG = scval.to_struct(
    {
        "fee_bps": scval.to_uint32(0),
        "withdraw_delay_s": scval.to_uint64(86_400),
        "upgrade_delay_s": scval.to_uint64(172_800),
        "default_limit": scval.to_int128(1_000_000_000),
        "limit_period_s": scval.to_uint64(86_400),
        "min_deposit": scval.to_int128(1),
        "lanes": scval.to_uint32(1),
    }
)


def instance_key(contract_id):
    return stellar_xdr.LedgerKey(
        stellar_xdr.LedgerEntryType.CONTRACT_DATA,
        contract_data=stellar_xdr.LedgerKeyContractData(
            contract=Address(contract_id).to_xdr_sc_address(),
            key=INSTANCE,
            durability=stellar_xdr.ContractDataDurability.PERSISTENT,
        ),
    )


class Contracts(DevnetCase):
    def succeed(self, source, operation, arguments, data=None):
        done = self.contract_transaction(source, operation, arguments, data)
        self.assertEqual(done.status, GetTransactionStatus.SUCCESS)
        return done

    def deploy(self, owner):
        """The vault of a coin that `owner` issues."""
        coin = Asset("PYV", owner.public_key)
        self.succeed(owner, "create_stellar_asset_contract_from_asset", {"asset": coin})
        self.succeed(owner, "upload_contract_wasm", {"contract": WASM})
        who = scval.to_address(owner.public_key)
        arguments = [who, who, scval.to_address(coin.contract_id(PASSPHRASE)), who, CONFIG]
        create = {"wasm_id": CODE, "address": owner.public_key, "constructor_args": arguments}
        made = self.succeed(owner, "create_contract", create)
        meta = stellar_xdr.TransactionMeta.from_xdr(made.result_meta_xdr)
        return coin, scval.from_address(meta.v4.soroban_meta.return_value).address

    def lives_until(self, contract_id):
        return self.rpc.get_contract_data(contract_id, INSTANCE).live_until_ledger

    def test_reads_the_code_of_a_contract_and_what_it_says_of_itself(self):
        _, vault = self.deploy(self.new_account())
        self.assertEqual(self.rpc.get_contract_wasm(vault), WASM)
        self.assertEqual(self.rpc.get_contract_wasm_by_hash(CODE), WASM)
        self.rpc.get_contract_meta(vault)
        self.rpc.get_contract_spec(vault)
        self.rpc.get_contract_info(vault)
        self.assertEqual(len(self.rpc.get_ledger_entries([instance_key(vault)]).entries), 1)

    def test_pays_into_a_contract(self):
        owner = self.new_account()
        coin, vault = self.deploy(owner)
        client = ContractClient(coin.contract_id(PASSPHRASE), INFO["rpcUrl"], PASSPHRASE)
        self.addCleanup(client.server.close)
        mint = [scval.to_address(vault), scval.to_int128(700)]
        client.invoke("mint", mint, source=owner.public_key, signer=owner).sign_and_submit()
        held = self.rpc.get_sac_balance(vault, coin, PASSPHRASE)
        self.assertEqual(int(held.balance_entry.amount), 700)

    def test_lets_an_entry_live_longer_and_restores_it_from_the_archive(self):
        owner = self.new_account()
        _, vault = self.deploy(owner)
        key = instance_key(vault)
        now = self.rpc.get_latest_ledger().sequence
        data = SorobanDataBuilder().set_read_only([key]).build()
        self.succeed(owner, "extend_footprint_ttl", {"extend_to": 125_000}, data)
        until = self.lives_until(vault)
        self.assertGreaterEqual(until, now + 125_000)

        control("devnet_mine", ledgers=until - now + 10)
        self.assertLess(self.lives_until(vault), self.rpc.get_latest_ledger().sequence)
        data = SorobanDataBuilder().set_read_write([key]).build()
        self.succeed(owner, "restore_footprint", {}, data)
        self.assertGreater(self.lives_until(vault), self.rpc.get_latest_ledger().sequence)


if __name__ == "__main__":
    unittest.main(verbosity=2)
