"""An operator key in SoftHSM: an archive is made, written and verified with it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.attest.keys.keyfolder import KeyFolder
from archive.attest.keys.signing import verify_p256
from archive.errors import KeyProblem
from archive.settings import TokenKey, parse_settings
from archive.store.layout import read_identity
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive, fill, make_archive

PLACES = ("/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm", "/usr/local/lib")
PIN = b"1234"


def find_module() -> str:
    """The library of SoftHSM, wherever the system put it."""
    for place in PLACES:
        path = Path(place) / "libsofthsm2.so"
        if path.exists():
            return str(path)
    pytest.skip("program softhsm2-util not found: no libsofthsm2.so")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenKey]:
    """A token of its own with a P-256 key pair made inside it."""
    module = find_module()
    import pkcs11
    from pkcs11.util.ec import encode_named_curve_parameters

    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n"
    )
    os.environ["SOFTHSM2_CONF"] = str(config)
    command = ["softhsm2-util", "--init-token", "--free", "--label", "observers"]
    subprocess.run(
        [*command, "--pin", PIN.decode(), "--so-pin", "5678"],
        check=True,
        capture_output=True,
    )
    library = pkcs11.lib(module)
    library.reinitialize()
    token = library.get_token(token_label="observers")
    with token.open(rw=True, user_pin=PIN.decode()) as session:
        curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
        parameters = session.create_domain_parameters(
            pkcs11.KeyType.EC, curve, local=True
        )
        parameters.generate_keypair(store=True, label="operator")
    yield TokenKey(module=module, token="observers", key="operator")
    del os.environ["SOFTHSM2_CONF"]


def test_a_wrong_pin_and_a_wrong_label_say_what_to_look_at(place: TokenKey) -> None:
    from archive.attest.keys.pkcs11 import open_token_key

    for wrong, pin in (
        (place, b"9999"),
        (place, None),
        (TokenKey(module=place.module, token="observers", key="other"), PIN),
        (TokenKey(module=place.module, token="nobody", key="operator"), PIN),
        (TokenKey(module="/nowhere.so", token="observers", key="operator"), PIN),
    ):
        with pytest.raises(KeyProblem, match="PIN"):
            open_token_key(wrong, pin)


def test_statements_signed_in_the_token_verify_like_any_other(
    place: TokenKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archive.attest.keys.pkcs11 import open_token_key

    signer = open_token_key(place, PIN)
    message = b"DSSEv1 statement"
    verify_p256(signer.spki_der, signer.sign(message), message)
    made = make_archive(
        tmp_path, keys=lambda origin: KeyFolder.with_operator(signer, origin)
    )
    assert not (made.keys_folder / "operator.pem").exists()
    identity = read_identity(made.root)
    assert identity.operator_key_id == signer.key_id
    keys = KeyFolder.load(made.keys_folder, identity, operator=signer)
    with monkeypatch.context() as patch:
        patch.setattr(MadeArchive, "keys", lambda _made: keys)
        with made.open_writer() as writer:
            fill(writer, made, 3)
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED


def test_another_key_in_the_token_is_not_this_archives(
    place: TokenKey, tmp_path: Path
) -> None:
    from archive.attest.keys.pkcs11 import open_token_key

    made = make_archive(tmp_path)
    with pytest.raises(KeyProblem, match="another archive"):
        KeyFolder.load(
            made.keys_folder, made.identity, operator=open_token_key(place, PIN)
        )


def test_settings_name_all_of_it_or_nothing() -> None:
    data = b'[keys]\nmodule = "a.so"\ntoken = "t"\nkey = "k"\n'
    found = parse_settings(data, "x").token_key
    assert found == TokenKey(module="a.so", token="t", key="k")
    assert parse_settings(b"", "x").token_key is None
