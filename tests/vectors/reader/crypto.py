# SPDX-License-Identifier: BSD-2-Clause
"""docs/format/crypto.md as the other pages use it; ../check_crypto.py is the implementation. Repeated work is remembered."""
import functools

import check_crypto
import purecrypto

from .codec import Refused, need
from .container import suite_hash


@functools.lru_cache(maxsize=None)
def aead(suite, key, nonce, ad, sealed):
    return purecrypto.aead_open(suite, key, nonce, ad, sealed)


@functools.lru_cache(maxsize=None)
def signed(signature, public, message):
    return purecrypto.ed25519_verify(signature, public, message)


def derive(suite, key, label, *parts, n=32):
    return check_crypto.kdf(suite, key, label, list(parts), n)


def keyed_hash(suite, key, domain, data):
    return check_crypto.mac(suite, key, domain, [data])


def aead_open(suite, key, nonce, ad, sealed, what):
    plain = aead(suite, key, nonce, ad, sealed)
    need(plain is not None, what + ": wrong tag")
    return plain


@functools.lru_cache(maxsize=None)
def seal_opened(suite, secret, label, context, sealed):
    return check_crypto.seal_open(suite, secret, label, list(context), sealed)


def seal_open(suite, secret, label, context, sealed, what):
    try:
        return seal_opened(suite, secret, label, tuple(context), sealed)
    except check_crypto.Refused as refused:
        raise Refused(refused.args[0], what) from None


def wrap_open(suite, key, label, context, wrapped, what):
    try:
        return check_crypto.wrap_open(suite, key, label, context, wrapped)
    except check_crypto.Refused as refused:
        raise Refused(refused.args[0], what) from None


def signature_good(public, label, message, signature):
    return signed(signature, public, check_crypto.sign_message(label, message))


def signer_id(suite, public):
    return suite_hash(suite, public)[:16]


def x25519_public(secret):
    return purecrypto.x25519(secret, purecrypto.X25519_BASE)


def ed25519_public(seed):
    return purecrypto.ed25519_public(seed)
