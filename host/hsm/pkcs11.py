"""The security module in a device: PKCS#11, by the optional package python-pkcs11.

The LMK is an AES-256 key object of the token. Everything is derived from it inside the token (see
`host.hsm.derivation`) as session objects that cannot be read: block keys, the PAN's hash and seal
keys, the PVK. Under one LMK the values are those of `host.hsm.vault.Vault`. PIN keys and master
keys are put to use as session objects too.

PKCS#11 knows no key blocks, so a working key is in this process for the moment between its key
block and its object, and MAC keys stay here, for the switch seals with them.
"""

import secrets
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any, Final

from host.hsm.ciphers import AES_KEY_SIZES, DES_KEY_SIZES, Blocks, checked_size
from host.hsm.derivation import purpose_inputs, single_blocks
from host.hsm.key_blocks import authentication_inputs, encryption_inputs
from host.hsm.pvv import PinVerifier
from host.hsm.vault import (
    CHECK_VALUE,
    KEY_BLOCKS,
    LMK_BYTES,
    NONCE_BYTES,
    PAN_DOES_NOT_OPEN,
    PAN_HASH,
    PAN_SEAL,
    PVK,
    VALUE_DOES_NOT_OPEN,
    VALUE_HASH,
    VALUE_SEAL,
    StoresKeys,
    VaultError,
    used_as,
)
from host.model.secrets import Pan, Secret

PACKAGE: Final = "python-pkcs11"
_TAG_BITS: Final = 128
_SHOWN_BYTES: Final = 3


class HsmError(Exception):
    """The device cannot be used: says what is missing and what to do."""


class PinRefusedError(HsmError):
    """It does not take the PIN: another try may be the last."""

    exit_status = 2
    """As of settings that make no sense: nothing is begun again until somebody has mended them."""


class Pkcs11Hsm(StoresKeys):
    """Fills `host.hsm.interface.Hsm` with a token. One at a time: a session is not shared."""

    __slots__ = (
        "_hash_key",
        "_is_pin_refused",
        "_lmk_label",
        "_pvk",
        "_seal_key",
        "_secret_hash_key",
        "_secret_seal_key",
        "_shown",
        "_token",
    )

    def __init__(self, token: "Token", lmk_label: str) -> None:
        self._token = token
        self._lmk_label = lmk_label
        self._is_pin_refused = False
        lmk = token.find_lmk(lmk_label)
        kbpk = token.derive(lmk, purpose_inputs(KEY_BLOCKS, LMK_BYTES), "derive")
        super().__init__(_TokenBlockKeys(token, kbpk))
        self._hash_key = token.derive(lmk, purpose_inputs(PAN_HASH, 32), "sign")
        self._seal_key = token.derive(lmk, purpose_inputs(PAN_SEAL, 32), "encrypt")
        self._secret_hash_key = token.derive(lmk, purpose_inputs(VALUE_HASH, 32), "sign")
        self._secret_seal_key = token.derive(lmk, purpose_inputs(VALUE_SEAL, 32), "encrypt")
        self._pvk = token.derive(lmk, purpose_inputs(PVK, 16), "des")
        shown = token.derive(lmk, purpose_inputs(CHECK_VALUE, LMK_BYTES), "encrypt")
        self._shown = token.encryptor(shown, "AES_ECB")(bytes(16))[:_SHOWN_BYTES].hex().upper()

    @property
    def check_value(self) -> str:
        """6 hexadecimal characters that tell one LMK from another and nothing else of it."""
        return self._shown

    def answers(self) -> bool:
        """Whether the token does what it is asked, in the session that we have."""
        try:
            self._token.mac(self._hash_key, b"")
        except HsmError:
            return False
        return True

    def would_answer_anew(self) -> bool:
        """Whether another session would do, where ours is lost for good.

        A PIN that was refused is not tried again, for a token counts.
        """
        if self._is_pin_refused:
            return False
        try:
            token = self._token.again()
        except PinRefusedError:
            self._is_pin_refused = True
            return False
        except HsmError:
            return False
        try:
            return Pkcs11Hsm(token, self._lmk_label).check_value == self._shown
        except HsmError:
            return False
        finally:
            token.close()

    @property
    def ciphers(self) -> "Token":
        """PIN keys and master keys are put to use in the token."""
        return self._token

    def pin_verifier(self) -> PinVerifier:
        """Computes and checks PIN values under the PVK."""
        return PinVerifier.over(self._token.encryptor(self._pvk, "DES3_ECB"))

    def pan_hash(self, pan: Pan) -> bytes:
        """16 bytes by which a card is found."""
        return self._token.mac(self._hash_key, pan.reveal().encode())

    def seal_pan(self, pan: Pan) -> bytes:
        """The PAN encrypted; another result every time."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._token.seal(self._seal_key, nonce, pan.reveal().encode())

    def open_pan(self, sealed: bytes) -> Pan:
        """The PAN that `seal_pan` sealed.

        Raises:
            VaultError: sealed under another LMK, or altered.
        """
        clear = self._token.open(self._seal_key, sealed[:NONCE_BYTES], sealed[NONCE_BYTES:])
        try:
            return Pan(clear.decode())
        except ValueError:
            raise VaultError(PAN_DOES_NOT_OPEN) from None

    def hash_secret(self, value: Secret, use: str) -> bytes:
        """16 bytes by which it is found; another use gives others."""
        return self._token.mac(self._secret_hash_key, used_as(use, value))

    def seal_secret(self, value: Secret, place: str) -> bytes:
        """It encrypted, for this place alone; another result every time."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._token.seal(
            self._secret_seal_key, nonce, value.reveal(), place.encode()
        )

    def open_secret(self, sealed: bytes, place: str) -> Secret:
        """What `seal_secret` sealed for the same place.

        Raises:
            VaultError: sealed under another LMK or for another place, or altered.
        """
        nonce, sealed = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return Secret(self._token.open(self._secret_seal_key, nonce, sealed, place.encode()))
        except VaultError:
            raise VaultError(VALUE_DOES_NOT_OPEN) from None


class _TokenBlockKeys:
    """The two keys of key blocks, inside the token."""

    def __init__(self, token: "Token", kbpk: Any) -> None:
        self._token = token
        self._encryption = token.derive(kbpk, encryption_inputs(LMK_BYTES), "encrypt")
        self._authentication = token.derive(kbpk, authentication_inputs(LMK_BYTES), "sign")

    def encrypt(self, iv: bytes, data: bytes) -> bytes:
        """AES-CBC."""
        return self._token.encryptor(self._encryption, "AES_CBC", iv)(data)

    def decrypt(self, iv: bytes, data: bytes) -> bytes:
        """And back."""
        return self._token.decryptor(self._encryption, "AES_CBC", iv)(data)

    def mac(self, data: bytes) -> bytes:
        """AES-CMAC."""
        return self._token.mac(self._authentication, data)


class Token:
    """A session with a token; also puts working keys to use (`host.hsm.ciphers.Ciphers`).

    A session carries one operation at a time, so every use holds the lock. Key objects made of
    working keys are dropped with whoever asked for them.

    Raises:
        HsmError: the package is not installed, or the module, token or PIN is not right.
    """

    def __init__(self, module: str, label: str, pin: Secret) -> None:
        self._library = _library()
        self._place = (module, label, pin)
        self._lock = threading.Lock()
        self._dropped: deque[Any] = deque()
        """Objects nobody uses any more, to be destroyed by whoever holds the lock next."""
        try:
            token = self._library.lib(module).get_token(token_label=label)
            try:
                self._session = token.open(rw=True, user_pin=pin.reveal().decode())
            except self._library.UserAlreadyLoggedIn:  # this process has: its sessions share that
                self._session = token.open(rw=True)
        except (self._library.PKCS11Error, RuntimeError) as error:
            raise _not_opened(label, module, error) from None

    def again(self) -> "Token":
        """Another session with the same token.

        Raises:
            HsmError: it does not open.
        """
        return Token(*self._place)

    def close(self) -> None:
        """Leave the token; its session objects are gone."""
        with self._lock, suppress(self._library.PKCS11Error):  # it may be lost already
            self._session.close()

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """In which the token is asked something, by nobody else meanwhile.

        Raises:
            HsmError: it does not answer, or the session with it is lost.
        """
        with self._lock:
            try:
                yield
            except self._library.PKCS11Error as error:
                name = type(error).__name__
                if name not in AWAY:
                    raise
                raise HsmError(
                    f"the device that holds the LMK does not answer ({name}). "
                    "Next: posswitch doctor"
                ) from None

    def find_lmk(self, label: str) -> Any:
        """The key object that is the LMK.

        Raises:
            HsmError: there is none of that label, or more.
        """
        attribute, p11 = self._library.Attribute, self._library
        sought = {
            attribute.CLASS: p11.ObjectClass.SECRET_KEY,
            attribute.KEY_TYPE: p11.KeyType.AES,
            attribute.LABEL: label,
        }
        with self._asked():
            found = list(self._session.get_objects(sought))
        if len(found) != 1:
            msg = (
                f"the token has {len(found)} AES keys labelled {label!r}, and one is the LMK. "
                "Next: posswitch keys into-device makes one, or compare lmk under [host.hsm]"
            )
            raise HsmError(msg)
        return found[0]

    def put_lmk(self, label: str, lmk: Secret | None = None) -> None:
        """Keep an LMK in the token for good: this one, or a new one that nobody has seen.

        Raises:
            HsmError: a key of that label is there; an LMK is never overwritten.
        """
        with self._asked():
            found = list(self._session.get_objects({self._library.Attribute.LABEL: label}))
        if found:
            msg = (
                f"the token has a key labelled {label!r}: an LMK is never overwritten. Next: if it "
                "is the one that is meant, nothing; else write another name for lmk under "
                "[host.hsm]"
            )
            raise HsmError(msg)
        attribute, aes = self._library.Attribute, self._library.KeyType.AES
        lasting = {**self._template("derive"), attribute.LABEL: label, attribute.TOKEN: True}
        if lmk is None:
            with self._asked():
                self._session.generate_key(aes, 8 * LMK_BYTES, template=lasting)
            return
        value = checked_size(lmk, (LMK_BYTES,), "an LMK").reveal()
        about = {
            attribute.CLASS: self._library.ObjectClass.SECRET_KEY,
            attribute.KEY_TYPE: aes,
            attribute.VALUE: value,
        }
        with self._asked():
            self._session.create_object({**lasting, **about})

    def derive(self, key: Any, inputs: tuple[bytes, ...], use: str) -> Any:
        """A key object derived inside the token; `use` is a row of `USES`."""
        mechanism, kinds = self._library.Mechanism, self._library.KeyType
        blocks = single_blocks(self.encryptor(key, "AES_ECB"), inputs)
        is_des = use == "des"
        template = self._template(use)
        if is_des:  # a DES key has no length to be told
            template[self._library.Attribute.VALUE_LEN] = self._library.constants.DEFAULT
        with self._asked():
            return key.derive_key(
                kinds.DES2 if is_des else kinds.AES,
                8 * len(blocks),
                mechanism=mechanism.AES_ECB_ENCRYPT_DATA,
                mechanism_param=blocks,
                template=template,
            )

    def encryptor(self, key: Any, mechanism: str, iv: bytes | None = None) -> Blocks:
        """Encryption under a key object."""
        return self._held(key.encrypt, mechanism, iv)

    def decryptor(self, key: Any, mechanism: str, iv: bytes | None = None) -> Blocks:
        """Decryption under a key object."""
        return self._held(key.decrypt, mechanism, iv)

    def mac(self, key: Any, data: bytes) -> bytes:
        """AES-CMAC under a key object, 16 bytes."""
        with self._asked():
            tag: bytes = key.sign(data, mechanism=self._library.Mechanism.AES_CMAC)
        return tag

    def seal(self, key: Any, nonce: bytes, data: bytes, place: bytes | None = None) -> bytes:
        """AES-GCM under a key object; the tag follows the data and covers its place, too."""
        with self._asked():
            sealed: bytes = key.encrypt(data, **self._gcm(nonce, place))
        return sealed

    def open(self, key: Any, nonce: bytes, sealed: bytes, place: bytes | None = None) -> bytes:
        """And back.

        Raises:
            VaultError: under another key, or altered.
        """
        try:
            with self._asked():
                clear: bytes = key.decrypt(sealed, **self._gcm(nonce, place))
        except self._library.PKCS11Error:
            raise VaultError(PAN_DOES_NOT_OPEN) from None
        return clear

    def des_encryptor(self, key: Secret) -> Blocks:
        """ECB encryption with single, two-key or three-key DES, by the key's length."""
        return self._dropping(self._des_key(key), "DES3_ECB", is_decryption=False)

    def des_decryptor(self, key: Secret) -> Blocks:
        """And back."""
        return self._dropping(self._des_key(key), "DES3_ECB", is_decryption=True)

    def aes_encryptor(self, key: Secret) -> Blocks:
        """ECB encryption with AES."""
        return self._dropping(self._aes_key(key), "AES_ECB", is_decryption=False)

    def aes_decryptor(self, key: Secret) -> Blocks:
        """And back."""
        return self._dropping(self._aes_key(key), "AES_ECB", is_decryption=True)

    def _dropping(self, key: Any, mechanism: str, *, is_decryption: bool) -> Blocks:
        """A cipher that takes its key object with it when it goes.

        Garbage is collected at any time, even where the lock is held: destroying comes later.
        """
        run = self._held(key.decrypt if is_decryption else key.encrypt, mechanism, None)
        weakref.finalize(run, self._dropped.append, key)
        return run

    def _held(self, operation: Callable[..., bytes], mechanism: str, iv: bytes | None) -> Blocks:
        chosen = self._library.Mechanism[mechanism]

        def run(data: bytes) -> bytes:
            with self._asked():
                return operation(data, mechanism=chosen, mechanism_param=iv)

        return run

    def _gcm(self, nonce: bytes, place: bytes | None) -> dict[str, Any]:
        params = self._library.GCMParams(nonce, place, _TAG_BITS)
        return {"mechanism": self._library.Mechanism.AES_GCM, "mechanism_param": params}

    def _des_key(self, key: Secret) -> Any:
        value = checked_size(key, DES_KEY_SIZES, "a DES key").reveal()
        return self._made("DES3", (value * 3)[:24])

    def _aes_key(self, key: Secret) -> Any:
        return self._made("AES", checked_size(key, AES_KEY_SIZES, "an AES key").reveal())

    def _made(self, kind: str, value: bytes) -> Any:
        attribute = self._library.Attribute
        with self._asked():
            while self._dropped:
                self._dropped.popleft().destroy()
            return self._session.create_object(
                {
                    **self._template("encrypt"),
                    attribute.CLASS: self._library.ObjectClass.SECRET_KEY,
                    attribute.KEY_TYPE: self._library.KeyType[kind],
                    attribute.VALUE: value,
                }
            )

    def _template(self, use: str) -> dict[Any, Any]:
        attribute = self._library.Attribute
        allowed = USES[use]
        return {
            attribute.TOKEN: False,
            attribute.PRIVATE: True,
            attribute.SENSITIVE: True,
            attribute.EXTRACTABLE: False,
            **{attribute[name]: name in allowed for name in _CAPABILITIES},
        }


_CAPABILITIES: Final = ("ENCRYPT", "DECRYPT", "SIGN", "VERIFY", "DERIVE")
USES: Final[dict[str, Iterable[str]]] = {
    "derive": ("ENCRYPT", "DERIVE"),
    "encrypt": ("ENCRYPT", "DECRYPT"),
    "des": ("ENCRYPT", "DECRYPT"),
    "sign": ("SIGN", "VERIFY"),
}
"""What a key object may do. Deriving needs one encryption, of zeros: for the CMAC's subkey."""


AWAY: Final = frozenset(
    {
        "CryptokiNotInitialized",
        "DeviceError",
        "DeviceMemory",
        "DeviceRemoved",
        "HostMemory",
        "KeyHandleInvalid",
        "ObjectHandleInvalid",
        "SessionClosed",
        "SessionCount",
        "SessionHandleInvalid",
        "SlotIDInvalid",
        "TokenNotPresent",
        "UserNotLoggedIn",
    }
)
"""What PKCS#11 says where the device, or our session with it, is the trouble: not what is asked."""
PIN_REFUSED: Final = frozenset({"PinExpired", "PinIncorrect", "PinInvalid", "PinLocked"})
WHYS: Final = {
    "PinIncorrect": (
        "its PIN is another. Next: compare host.hsm.pin, and try once at most: after a few wrong "
        "ones a token locks itself"
    ),
    "PinLocked": (
        "it is locked after wrong PINs. Next: who has its security officer's PIN sets it anew"
    ),
    "NoSuchToken": (
        "there is no token of that label. Next: is the device connected and switched on? Compare "
        "device under [host.hsm]"
    ),
    "TokenNotPresent": "the token is not in the device. Next: put it back",
    "TokenNotRecognised": "the token is of another kind. Next: compare module under [host.hsm]",
    "DeviceRemoved": "the device is gone. Next: connect it again, or see its own log",
    "RuntimeError": "the module cannot be loaded. Next: name the device's library as module",
    "DeviceError": "the device reports a fault. Next: see its own log",
    "PKCS11Error": "the module cannot be loaded. Next: name the device's library as module",
}
"""What PKCS#11 says when a token is to be opened, in words, with what to do next."""


def _not_opened(label: str, module: str, error: Exception) -> HsmError:
    name = type(error).__name__
    why = WHYS.get(name, f"{name}. Next: check module, device and PIN under [host.hsm]")
    kind = PinRefusedError if name in PIN_REFUSED else HsmError
    return kind(f"the token {label!r} of {module} cannot be opened: {why}")


def _library() -> ModuleType:
    try:
        import pkcs11
    except ImportError:
        msg = (
            f"a PKCS#11 device needs the package {PACKAGE}, which is not installed. "
            "Next: pip install -r requirements/pkcs11.txt"
        )
        raise HsmError(msg) from None
    return pkcs11
