#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A second implementation of docs/format/crypto.md, standard library only.

check_crypto.py            recomputes every vector in crypto/, all but Argon2id; exit 1 when one differs
check_crypto.py --write    writes the files anew from the cases below
"""
import hashlib
import hmac
import json
import os
import sys

import purecrypto as pure

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "crypto")
ZERO_NONCE = bytes(12)


class Refused(Exception):
    """A reader refuses; the argument names the error."""


# --- the constructions


def suite_hash(suite, parts):
    h = hashlib.blake2b(digest_size=32) if suite == 1 else hashlib.sha256()
    for part in parts:
        h.update(part)
    return h.digest()


def mac_raw(suite, key, msg):
    if suite not in (1, 2):
        raise Refused("TOONEW")
    if len(key) != 32:
        raise Refused("INVAL")
    if suite == 1:
        return hashlib.blake2b(msg, key=key, digest_size=32).digest()
    return hmac.new(key, msg, hashlib.sha256).digest()


def mac(suite, key, domain, parts):
    return mac_raw(suite, key, bytes([domain]) + b"".join(parts))


def le32(v):
    return v.to_bytes(4, "little")


def kdf(suite, key, label, parts, length):
    if not 1 <= length <= 512:
        raise Refused("INVAL")
    message = b"".join(le32(len(p)) + p for p in [label.encode()] + parts)
    return b"".join(mac_raw(suite, key, le32(i) + message) for i in range((length + 31) // 32))[:length]


def aead_open(suite, key, nonce, ad, sealed):
    plain = pure.aead_open(suite, key, nonce, ad, sealed)
    if plain is None:
        raise Refused("CORRUPT")
    return plain


def body_make(suite, material, plain):
    return material[32:] + pure.aead_seal(suite, material[:32], ZERO_NONCE, b"", plain)


def body_open(suite, material, body):
    if not hmac.compare_digest(body[:32], material[32:]):
        raise Refused("AUTH")
    return aead_open(suite, material[:32], ZERO_NONCE, b"", body[32:])


def shared_secret(secret, peer, error):
    shared = pure.x25519(secret, peer)
    if shared == bytes(32):
        raise Refused(error)
    return shared


def seal_material(suite, shared, label, eph, pub, ctx):
    return kdf(suite, shared, "seal", [label.encode(), eph, pub] + ctx, 64)


def seal_make(suite, eph_secret, pub, label, ctx, plain):
    shared = shared_secret(eph_secret, pub, "INVAL")
    eph = pure.x25519(eph_secret, pure.X25519_BASE)
    return eph + body_make(suite, seal_material(suite, shared, label, eph, pub, ctx), plain)


def seal_open(suite, secret, label, ctx, sealed):
    if len(sealed) < 80:
        raise Refused("CORRUPT")
    eph, pub = sealed[:32], pure.x25519(secret, pure.X25519_BASE)
    shared = shared_secret(secret, eph, "CORRUPT")
    return body_open(suite, seal_material(suite, shared, label, eph, pub, ctx), sealed[32:])


def wrap_material(suite, key, label, ctx):
    return kdf(suite, key, "wrap", [label.encode()] + ctx, 64)


def wrap_make(suite, key, label, ctx, plain):
    return body_make(suite, wrap_material(suite, key, label, ctx), plain)


def wrap_open(suite, key, label, ctx, wrapped):
    if len(wrapped) < 48:
        raise Refused("CORRUPT")
    return body_open(suite, wrap_material(suite, key, label, ctx), wrapped)


def sign_message(label, message):
    return b"hozen-1 " + label.encode() + b"\0" + message


def sign_check(pub, label, message, signature):
    if not pure.ed25519_verify(signature, pub, sign_message(label, message)):
        raise Refused("CORRUPT")


# --- the cases


def noise(name, length):
    """Bytes that anybody can make again."""
    return b"".join(hashlib.sha256(b"hozen vector %s %d" % (name.encode(), i)).digest()
                    for i in range((length + 31) // 32))[:length]


def flip(data, at):
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def other(case, name, error, **changed):
    return dict(case, name=name, error=error, **changed)


PART_LISTS = ([], [b""], [b"abc"], [b"a", b"", b"bc"], [noise("parts", 300)], [noise("parts", 64), noise("parts", 65)])


def hash_cases():
    for suite in (1, 2):
        for i, parts in enumerate(PART_LISTS):
            yield dict(name="parts %d" % i, suite=suite, parts=parts, hash=suite_hash(suite, parts))


def mac_cases():
    for suite in (1, 2):
        key = noise("mac key", 32)
        for i, parts in enumerate(PART_LISTS):
            for domain in (0, 1, 255):
                yield dict(name="parts %d" % i, suite=suite, key=key, domain=domain, parts=parts,
                           mac=mac(suite, key, domain, parts))
        for length in (31, 33):
            yield dict(name="key of %d bytes" % length, suite=suite, key=noise("mac key", length), domain=0, parts=[],
                       error="INVAL")
    yield dict(name="unknown suite", suite=3, key=key, domain=0, parts=[], error="TOONEW")


def kdf_cases():
    for suite in (1, 2):
        key = noise("kdf key", 32)
        case = dict(suite=suite, key=key)
        for label, parts, length in (("pack", [], 32), ("pack", [b""], 32), ("", [], 1), ("pack", [b"ab", b"c"], 64),
                                     ("pack", [b"a", b"bc"], 64), ("x", [noise("kdf", 300)], 33), ("x", [], 512)):
            yield dict(case, name="%d bytes" % length, label=label, parts=parts, len=length,
                       out=kdf(suite, key, label, parts, length))
        for length in (0, 513):
            yield dict(case, name="%d bytes" % length, label="pack", parts=[], len=length, error="INVAL")
        yield dict(case, name="short key", label="pack", parts=[], len=32, key=key[:31], error="INVAL")


def aead_cases():
    for suite in (1, 2):
        key, nonce = noise("aead key", 32), noise("aead nonce", 12)
        for length, ad_len in ((0, 0), (0, 5), (1, 0), (15, 16), (16, 17), (64, 0), (65, 1), (255, 40)):
            plain, ad = noise("plain", length), noise("ad", ad_len)
            case = dict(name="%d bytes, %d associated" % (length, ad_len), suite=suite, key=key, nonce=nonce, ad=ad,
                        plain=plain, sealed=pure.aead_seal(suite, key, nonce, ad, plain))
            yield case
        bad = {k: v for k, v in case.items() if k != "plain"}
        yield other(bad, "tag flipped", "CORRUPT", sealed=flip(bad["sealed"], -1))
        yield other(bad, "ciphertext flipped", "CORRUPT", sealed=flip(bad["sealed"], 0))
        yield other(bad, "other nonce", "CORRUPT", nonce=flip(nonce, 0))
        yield other(bad, "other associated data", "CORRUPT", ad=flip(ad, 0))
        yield other(bad, "other key", "CORRUPT", key=flip(key, 31))
        yield other(bad, "tag cut", "CORRUPT", sealed=bad["sealed"][:-1])
        yield other(bad, "shorter than a tag", "CORRUPT", sealed=bad["sealed"][:15])


def seal_bad(case, ctx):
    suite, sealed = case["suite"], case["sealed"]
    bad = {k: case[k] for k in ("suite", "recipient_secret", "label", "context", "sealed")}
    theirs = seal_make(suite, noise("eph", 32), pure.x25519(noise("other", 32), pure.X25519_BASE), case["label"], ctx,
                       b"key")
    yield other(bad, "other recipient", "AUTH", recipient_secret=noise("other", 32))
    yield other(bad, "other label", "AUTH", label="another")
    yield other(bad, "context cut elsewhere", "AUTH", context=[ctx[0] + ctx[1][:1], ctx[1][1:]])
    yield other(bad, "context dropped", "AUTH", context=ctx[:1])
    yield other(bad, "other suite", "AUTH", suite=3 - suite)
    yield other(bad, "ephemeral key flipped", "AUTH", sealed=flip(sealed, 0))
    yield other(bad, "ephemeral key, same point, other bytes", "AUTH",
                sealed=sealed[:31] + bytes([sealed[31] ^ 0x80]) + sealed[32:])
    yield other(bad, "commitment flipped", "AUTH", sealed=flip(sealed, 32))
    yield other(bad, "made for another key", "AUTH", sealed=theirs)
    yield other(bad, "right commitment, body under another key", "CORRUPT", sealed=sealed[:64] + theirs[64:])
    yield other(bad, "ciphertext flipped", "CORRUPT", sealed=flip(sealed, 64))
    yield other(bad, "tag flipped", "CORRUPT", sealed=flip(sealed, -1))
    yield other(bad, "ephemeral key zero", "CORRUPT", sealed=bytes(32) + sealed[32:])
    yield other(bad, "ephemeral key of order two", "CORRUPT", sealed=b"\1" + bytes(31) + sealed[32:])
    yield other(bad, "too short", "CORRUPT", sealed=sealed[:79])


def seal_cases():
    for suite in (1, 2):
        secret, eph = noise("recipient", 32), noise("ephemeral", 32)
        pub = pure.x25519(secret, pure.X25519_BASE)
        for label, ctx, length in (("a", [], 0), ("session", [b"repository", b"writer"], 1),
                                   ("session", [b"repository", b"writer"], 64)):
            plain = noise("sealed", length)
            case = dict(name="%d bytes" % length, suite=suite, recipient_secret=secret, recipient_public=pub,
                        ephemeral_secret=eph, label=label, context=ctx, plain=plain,
                        sealed=seal_make(suite, eph, pub, label, ctx, plain))
            yield case
        yield from seal_bad(case, ctx)
        for name, point in (("zero", bytes(32)), ("p", pure.P.to_bytes(32, "little"))):
            yield dict(name="sealing to " + name, suite=suite, recipient_public=point, ephemeral_secret=eph, label="a",
                       context=[], plain=b"", error="INVAL")


def wrap_cases():
    for suite in (1, 2):
        key = noise("wrap key", 32)
        for label, ctx, length in (("a", [], 0), ("slot", [b"repository", b"salt"], 65)):
            plain = noise("wrapped", length)
            case = dict(name="%d bytes" % length, suite=suite, key=key, label=label, context=ctx, plain=plain,
                        sealed=wrap_make(suite, key, label, ctx, plain))
            yield case
        bad, sealed = {k: v for k, v in case.items() if k != "plain"}, case["sealed"]
        yield other(bad, "other key", "AUTH", key=flip(key, 0))
        yield other(bad, "other label", "AUTH", label="slots")
        yield other(bad, "context joined", "AUTH", context=[b"".join(ctx)])
        yield other(bad, "commitment flipped", "AUTH", sealed=flip(sealed, 31))
        yield other(bad, "made under another key", "AUTH", sealed=wrap_make(suite, flip(key, 0), label, ctx, b"key"))
        yield other(bad, "ciphertext flipped", "CORRUPT", sealed=flip(sealed, 32))
        yield other(bad, "too short", "CORRUPT", sealed=sealed[:47])
        yield other(bad, "key of 33 bytes", "INVAL", key=key + b"\0")


def sign_cases():
    seed = noise("seed", 32)
    pub = pure.ed25519_public(seed)
    for label, message in (("commit", b""), ("commit", b"a"), ("admin", noise("signed", 200))):
        case = dict(name="%d bytes" % len(message), seed=seed, public=pub, label=label, message=message,
                    signature=pure.ed25519_sign(seed, sign_message(label, message)))
        yield case
    bad, sig = {k: v for k, v in case.items() if k != "seed"}, case["signature"]
    s_plus_l = (int.from_bytes(sig[32:], "little") + pure.L).to_bytes(32, "little")
    one = b"\1" + bytes(31)
    yield other(bad, "message flipped", "CORRUPT", message=flip(message, 5))
    yield other(bad, "message cut", "CORRUPT", message=message[:-1])
    yield other(bad, "other label", "CORRUPT", label="commit")
    yield other(bad, "label with the message's first byte", "CORRUPT", label="adminx", message=message[1:])
    yield other(bad, "without the prefix", "CORRUPT", signature=pure.ed25519_sign(seed, message))
    yield other(bad, "R flipped", "CORRUPT", signature=flip(sig, 0))
    yield other(bad, "S flipped", "CORRUPT", signature=flip(sig, 32))
    yield other(bad, "S not reduced", "CORRUPT", signature=sig[:32] + s_plus_l)
    yield other(bad, "other key", "CORRUPT", public=pure.ed25519_public(noise("other seed", 32)))
    yield other(bad, "small-order key that fits any message", "CORRUPT", public=one, signature=one + bytes(32))
    yield other(bad, "key zero", "CORRUPT", public=bytes(32))
    yield other(bad, "key not canonical", "CORRUPT", public=(pure.P + 1).to_bytes(32, "little"),
                signature=one + bytes(32))


def argon_cases():
    """Made with the argon2 program of the reference implementation: -id -p 1 -l 32."""
    salt = b"0123456789abcdef"
    for passphrase, mem, passes, key in (
            (b"correct-horse", 65536, 4, "69d34ce64a022df867b49a78bff06a740482c56359a365d768ddb7dfd568ae9f"),
            (b"b", 70000, 5, "f93b21859e3374c30def2e489c3e0d2592d1507a10a4acfe062c12fc92b8c54d")):
        case = dict(salt=salt, passphrase=passphrase, mem_kib=mem, passes=passes)
        yield dict(case, name="%d KiB, %d passes" % (mem, passes), key=bytes.fromhex(key))
    yield other(case, "memory below the minimum", "CORRUPT", mem_kib=65535)
    yield other(case, "passes below the minimum", "CORRUPT", passes=3)
    yield other(case, "memory beyond the maximum", "UNSUPPORTED", mem_kib=1048577)
    yield other(case, "passes beyond the maximum", "UNSUPPORTED", passes=65)


# --- checking


def expect(case, field, value):
    if case[field] != value:
        raise AssertionError("%s differs" % field)


def check_hash(c):
    expect(c, "hash", suite_hash(c["suite"], c["parts"]))


def check_mac(c):
    expect(c, "mac", mac(c["suite"], c["key"], c["domain"], c["parts"]))


def check_kdf(c):
    expect(c, "out", kdf(c["suite"], c["key"], c["label"], c["parts"], c["len"]))


def check_aead(c):
    args = c["suite"], c["key"], c["nonce"], c["ad"]
    expect(c, "plain", aead_open(*args, c["sealed"]))
    expect(c, "sealed", pure.aead_seal(*args, c["plain"]))


def check_seal(c):
    if "recipient_public" in c:
        made = seal_make(c["suite"], c["ephemeral_secret"], c["recipient_public"], c["label"], c["context"], c["plain"])
        expect(c, "sealed", made)
    expect(c, "plain", seal_open(c["suite"], c["recipient_secret"], c["label"], c["context"], c["sealed"]))


def check_wrap(c):
    args = c["suite"], c["key"], c["label"], c["context"]
    expect(c, "plain", wrap_open(*args, c["sealed"]))
    expect(c, "sealed", wrap_make(*args, c["plain"]))


def check_sign(c):
    sign_check(c["public"], c["label"], c["message"], c["signature"])
    expect(c, "public", pure.ed25519_public(c["seed"]))
    expect(c, "signature", pure.ed25519_sign(c["seed"], sign_message(c["label"], c["message"])))


KINDS = {"hash": (hash_cases, check_hash), "mac": (mac_cases, check_mac), "kdf": (kdf_cases, check_kdf),
         "aead": (aead_cases, check_aead), "seal": (seal_cases, check_seal), "wrap": (wrap_cases, check_wrap),
         "sign": (sign_cases, check_sign), "argon": (argon_cases, None)}
TEXT_FIELDS = ("name", "label", "error")


def to_json(value):
    if isinstance(value, bytes):
        return value.hex()
    return [to_json(v) for v in value] if isinstance(value, list) else value


def from_json(field, value):
    if isinstance(value, list):
        return [from_json(field, v) for v in value]
    return bytes.fromhex(value) if isinstance(value, str) and field not in TEXT_FIELDS else value


def path_of(kind):
    return os.path.join(FOLDER, kind + ".json")


def write(kind):
    rows = [json.dumps({k: to_json(v) for k, v in case.items()}) for case in KINDS[kind][0]()]
    with open(path_of(kind), "w", encoding="ascii") as f:
        f.write('{ "cases": [\n' + ",\n".join(rows) + "\n] }\n")


def check_case(check, case):
    """None when it is as it says, else what is wrong."""
    try:
        check(case)
    except Refused as refused:
        got = str(refused)
    except AssertionError as wrong:
        return str(wrong)
    else:
        got = None
    if got != case.get("error"):
        return "expected %s, got %s" % (case.get("error"), got)
    return None


def check_kind(kind):
    check = KINDS[kind][1]
    with open(path_of(kind), encoding="ascii") as f:
        cases = [{k: from_json(k, v) for k, v in case.items()} for case in json.load(f)["cases"]]
    wrong = [(c["name"], w) for c in cases for w in [check_case(check, c)] if w] if check else []
    for name, why in wrong:
        print("%s: %s: %s" % (kind, name, why), file=sys.stderr)
    print("%-5s %3d cases, %s" % (kind, len(cases), "%d wrong" % len(wrong) if check else "not recomputed here"))
    return len(cases) > 0 and not wrong


def main(argv):
    if argv[1:] == ["--write"]:
        os.makedirs(FOLDER, exist_ok=True)
        for kind in KINDS:
            write(kind)
    elif argv[1:]:
        print(__doc__, file=sys.stderr)
        return 2
    return 0 if all([check_kind(kind) for kind in KINDS]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
