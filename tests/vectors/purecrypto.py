# SPDX-License-Identifier: BSD-2-Clause
"""The public primitives in plain Python, written from RFC 8439, FIPS 197, SP 800-38D, RFC 7748 and RFC 8032.
Slow, not constant time, never for real keys: a second opinion for the test vectors."""
import hashlib
import struct

# --- ChaCha20-Poly1305


def _quarter(mask, a, b, c, d):
    a = a + b & mask
    d ^= a
    d = (d << 16 | d >> 16) & mask
    c = c + d & mask
    b ^= c
    b = (b << 12 | b >> 20) & mask
    a = a + b & mask
    d ^= a
    d = (d << 8 | d >> 24) & mask
    c = c + d & mask
    b ^= c
    return a, (b << 7 | b >> 25) & mask, c, d


def _chacha_blocks(key, nonce, first, n):
    """So many blocks side by side: one number holds the same word of each, in the low half of 64 bits. A block at a time was
    most of the time of the tests in Python."""
    ones = int.from_bytes(n * b"\1\0\0\0\0\0\0\0", "little")
    words = struct.unpack("<16I", b"expand 32-byte k" + key + bytes(4) + nonce)
    init = [w * ones for w in words]
    init[12] = int.from_bytes(struct.pack("<%dQ" % n, *range(first, first + n)), "little")
    s, mask = list(init), 0xFFFFFFFF * ones
    for _ in range(10):
        for i in range(4):
            s[i], s[i + 4], s[i + 8], s[i + 12] = _quarter(mask, s[i], s[i + 4], s[i + 8], s[i + 12])
        for i in range(4):
            b, c, d = 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4
            s[i], s[b], s[c], s[d] = _quarter(mask, s[i], s[b], s[c], s[d])
    out = [(a + b & mask).to_bytes(8 * n, "little") for a, b in zip(s, init)]
    return b"".join(w[8 * i:8 * i + 4] for i in range(n) for w in out)


def _xor(a, b):
    n = min(len(a), len(b))
    return (int.from_bytes(a[:n], "big") ^ int.from_bytes(b[:n], "big")).to_bytes(n, "big")


def _pad16(data):
    return data + bytes(-len(data) % 16)


def _poly1305(key, msg):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    acc = 0
    for i in range(0, len(msg), 16):
        acc = (acc + int.from_bytes(msg[i:i + 16] + b"\1", "little")) * r % ((1 << 130) - 5)
    return ((acc + int.from_bytes(key[16:], "little")) & ((1 << 128) - 1)).to_bytes(16, "little")


def _chacha_xor(key, nonce, data):
    return _xor(data, _chacha_blocks(key, nonce, 1, -(-len(data) // 64)))


def _chacha_tag(key, nonce, ad, cipher):
    lengths = len(ad).to_bytes(8, "little") + len(cipher).to_bytes(8, "little")
    return _poly1305(_chacha_blocks(key, nonce, 0, 1)[:32], _pad16(ad) + _pad16(cipher) + lengths)


# --- AES-256-GCM


def _times2(v):
    return ((v << 1) ^ (0x11B if v & 0x80 else 0)) & 0xFF


def _make_sbox():
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= _times2(p)
        for n in (1, 2, 4):
            q = (q ^ (q << n)) & 0xFF
        q ^= 0x09 if q & 0x80 else 0
        rot = [((q << n) | (q >> (8 - n))) & 0xFF for n in range(5)]
        box[p] = rot[0] ^ rot[1] ^ rot[2] ^ rot[3] ^ rot[4] ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    return box


_SBOX = _make_sbox()
_TIMES2 = [_times2(v) for v in range(256)]


def _aes_schedule(key):
    words, rcon = [list(key[i:i + 4]) for i in range(0, 32, 4)], 1
    for i in range(8, 60):
        w = list(words[-1])
        if i % 8 == 0:
            w = [_SBOX[b] for b in w[1:] + w[:1]]
            w[0] ^= rcon
            rcon = _times2(rcon)
        elif i % 8 == 4:
            w = [_SBOX[b] for b in w]
        words.append([a ^ b for a, b in zip(words[i - 8], w)])
    return [sum(words[i:i + 4], []) for i in range(0, 60, 4)]


def _aes_block(rounds, block):
    s = [a ^ b for a, b in zip(block, rounds[0])]
    for n in range(1, 15):
        s = [_SBOX[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if n < 14:
            mixed = []
            for c in range(0, 16, 4):
                w, x, y, z = s[c:c + 4]
                every = w ^ x ^ y ^ z
                mixed += (w ^ every ^ _TIMES2[w ^ x], x ^ every ^ _TIMES2[x ^ y],
                          y ^ every ^ _TIMES2[y ^ z], z ^ every ^ _TIMES2[z ^ w])
            s = mixed
        s = [a ^ b for a, b in zip(s, rounds[n])]
    return bytes(s)


def _ghash(h, data):
    h, y = int.from_bytes(h, "big"), 0
    for i in range(0, len(data), 16):
        x, y, v = y ^ int.from_bytes(data[i:i + 16], "big"), 0, h
        for bit in range(127, -1, -1):
            if x >> bit & 1:
                y ^= v
            v = (v >> 1) ^ (0xE1 << 120 if v & 1 else 0)
    return y.to_bytes(16, "big")


def _gcm_xor(key, nonce, data):
    rounds = _aes_schedule(key)
    return b"".join(_xor(data[i:i + 16], _aes_block(rounds, nonce + (2 + i // 16).to_bytes(4, "big")))
                    for i in range(0, len(data), 16))


def _gcm_tag(key, nonce, ad, cipher):
    rounds = _aes_schedule(key)
    lengths = (8 * len(ad)).to_bytes(8, "big") + (8 * len(cipher)).to_bytes(8, "big")
    s = _ghash(_aes_block(rounds, bytes(16)), _pad16(ad) + _pad16(cipher) + lengths)
    return _xor(s, _aes_block(rounds, nonce + b"\0\0\0\1"))


_AEAD = {1: (_chacha_xor, _chacha_tag), 2: (_gcm_xor, _gcm_tag)}


def aead_seal(suite, key, nonce, ad, plain):
    crypt, tag = _AEAD[suite]
    cipher = crypt(key, nonce, plain)
    return cipher + tag(key, nonce, ad, cipher)


def aead_open(suite, key, nonce, ad, sealed):
    """The plaintext, or None."""
    crypt, tag = _AEAD[suite]
    if len(sealed) < 16 or tag(key, nonce, ad, sealed[:-16]) != sealed[-16:]:
        return None
    return crypt(key, nonce, sealed[:-16])


# --- Curve25519

P = (1 << 255) - 19
L = (1 << 252) + 27742317777372353535851937790883648493


def x25519(scalar, u):
    k = int.from_bytes(scalar, "little") & ~7 & ((1 << 254) - 1) | 1 << 254
    x1 = int.from_bytes(u, "little") & ((1 << 255) - 1)
    x2, z2, x3, z3 = 1, 0, x1, 1
    for bit in range(254, -1, -1):
        swap = k >> bit & 1
        if swap:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a, c * b, a * a, b * b
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
        if swap:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


X25519_BASE = (9).to_bytes(32, "little")
_D = -121665 * pow(121666, P - 2, P) % P


def _add(p, q):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = p, q
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * _D % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _mul(n, p):
    q = (0, 1, 1, 0)
    while n:
        if n & 1:
            q = _add(q, p)
        p, n = _add(p, p), n >> 1
    return q


def _encode(p):
    inv = pow(p[2], P - 2, P)
    return (p[1] * inv % P | (p[0] * inv % P & 1) << 255).to_bytes(32, "little")


def _decode(data):
    """The point, or None; encodings that are not canonical give None."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    xx = (y * y - 1) * pow(_D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - xx) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


_BASE = _decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def _hash_int(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def _secret(seed):
    h = hashlib.sha512(seed).digest()
    return int.from_bytes(h[:32], "little") & ~7 & ((1 << 254) - 1) | 1 << 254, h[32:]


def ed25519_public(seed):
    return _encode(_mul(_secret(seed)[0], _BASE))


def ed25519_sign(seed, msg):
    a, prefix = _secret(seed)
    r = _hash_int(prefix, msg) % L
    big_r = _encode(_mul(r, _BASE))
    s = (r + _hash_int(big_r, ed25519_public(seed), msg) * a) % L
    return big_r + s.to_bytes(32, "little")


def _is_small(p):
    return _encode(_mul(8, p)) == _encode((0, 1, 1, 0))


def ed25519_verify(sig, pub, msg):
    a, big_r, s = _decode(pub), _decode(sig[:32]), int.from_bytes(sig[32:], "little")
    if a is None or big_r is None or s >= L or _is_small(a) or _is_small(big_r):
        return False
    h = _hash_int(sig[:32], pub, msg) % L
    return _encode(_mul(s, _BASE)) == _encode(_add(big_r, _mul(h, a)))
