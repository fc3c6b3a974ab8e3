# SPDX-License-Identifier: BSD-2-Clause
"""Cases of failing vectors: containers, sections, signatures, sessions, commits. See make_failing.py."""
import purecrypto
from check_crypto import seal_make
from forge import Seal, join, pack_object, split, var
from make_object import flip, le
from reader import container, crypto
from reader.session import METADATA, byte

IGNORABLE, UNCOVERED = 0x8000, 0x4000
OK, DAMAGE, CORRUPT, TOONEW, AUTH = "OK", "DAMAGE", "CORRUPT", "TOONEW", "AUTH"
CASES = []


def case(expect, what, snapshots=2, differs=None):
    """expect: the name of the error of whoever opens and checks all; DAMAGE: what is wrong can be mended. differs: what the
    library does otherwise, as long as it does."""
    def add(make):
        entry = {"name": make.__name__.replace("_", "-"), "what": what, "expect": expect}
        if expect in (OK, DAMAGE):
            entry["snapshots"] = snapshots
        if differs:
            entry["differs"] = differs
        CASES.append((entry, make))
        return make
    return add


def insert(sections, tag, value):
    """In its place."""
    def place(s):
        return bool(s[0] & UNCOVERED), s[0] & 0x3FFF
    return sorted(sections + [(tag, value)], key=place)


# --- containers


@case(OK, "nothing was changed")
def unchanged(f):
    del f


@case(DAMAGE, "one bit of a session")
def session_bit(f):
    f.files[f.session_name()] = flip(f.files[f.session_name()], 200)


@case(DAMAGE, "the copy of a session is missing")
def session_without_copy(f):
    del f.files[f.session_name() + ".copy"]


@case(DAMAGE, "a session is missing; its copy is there")
def session_copy_only(f):
    del f.files[f.session_name()]


@case(CORRUPT, "both of a session are missing")
def session_missing(f):
    del f.files[f.session_name()], f.files[f.session_name() + ".copy"]


@case(CORRUPT, "a session has the type of a commit")
def session_wrong_type(f):
    f.remake(f.session_name(), f.sections(f.session_name()), [f.writer], kind=container.COMMIT)


@case(TOONEW, "a session has a type that is not known")
def session_new_type(f):
    f.remake(f.session_name(), f.sections(f.session_name()), [f.writer], kind=12)


@case(TOONEW, "container version 2")
def session_new_version(f):
    f.remake(f.session_name(), f.sections(f.session_name()), [f.writer], version=2)


@case(TOONEW, "suite 3")
def session_new_suite(f):
    f.remake(f.session_name(), f.sections(f.session_name()), [f.writer], suite=3)


@case(CORRUPT, "a session under the name of another")
def session_wrong_name(f):
    other = next(s for s in f.base.sessions.values() if s.uid != f.session.uid)
    f.put(f.session_name(), f.files["sessions/" + other.uid.hex()])


@case(CORRUPT, "a commit of another repository id: it does not count, and its successor lacks it")
def commit_of_another_repository(f):
    name = f.base.in_order()[0].object.name
    f.remake(name, f.sections(name), [f.writer], repo=bytes(16))


# --- sections and what a signature covers


@case(TOONEW, "a critical section that is not known, covered and signed")
def section_critical(f):
    f.remake(f.session_name(), insert(f.sections(f.session_name()), 2, b"new"), [f.writer])
    f.follow_session()


@case(TOONEW, "a critical section that is not known, not covered")
def section_critical_uncovered(f):
    f.remake(f.session_name(), insert(f.sections(f.session_name()), UNCOVERED | 4, b"new"))


@case(OK, "an ignorable section, covered and signed")
def section_ignorable(f):
    f.remake(f.session_name(), insert(f.sections(f.session_name()), IGNORABLE | 2, b"new"), [f.writer])
    f.follow_session()


@case(CORRUPT, "an ignorable section that is covered and was added after signing")
def section_ignorable_unsigned(f):
    f.remake(f.session_name(), insert(f.sections(f.session_name()), IGNORABLE | 2, b"new"))


@case(TOONEW, "a section that may be ignored, but is not covered: anybody could have put it in")
def section_ignorable_uncovered(f):
    f.remake(f.session_name(), insert(f.sections(f.session_name()), IGNORABLE | UNCOVERED | 4, b"new"))


@case(CORRUPT, "number 0")
def section_zero(f):
    f.remake(f.session_name(), [(IGNORABLE, b"")] + f.sections(f.session_name()), [f.writer])
    f.follow_session()


@case(CORRUPT, "a section twice, once with bit 15")
def section_twice(f):
    s = f.sections(f.session_name())
    f.remake(f.session_name(), s[:1] + [(IGNORABLE | 1, b"")] + s[1:], [f.writer])
    f.follow_session()


@case(CORRUPT, "sections out of order")
def section_order(f):
    s = f.sections(f.session_name())
    f.remake(f.session_name(), s[:2] + s[:1:-1])


@case(CORRUPT, "a covered section behind one that is not")
def section_covered_last(f):
    f.remake(f.session_name(), f.sections(f.session_name()) + [(IGNORABLE | 2, b"")])


@case(CORRUPT, "a section that ends beyond the body")
def section_beyond(f):
    s = f.sections(f.session_name())
    f.remake(f.session_name(), s)
    name, body = f.session_name(), join(s)
    f.put(name, pack_object(container.SESSION, f.suite, f.repo, name, body[:-1]))


@case(CORRUPT, "no section of signatures")
def signature_missing(f):
    f.remake(f.session_name(), [s for s in f.sections(f.session_name()) if s[0] != 0x4001])


@case(CORRUPT, "a signature with one bit changed")
def signature_bit(f):
    f.change(f.session_name(), 0x4001, lambda v: flip(v, 40))


@case(CORRUPT, "signed by somebody else under the writer's id")
def signature_of_another(f):
    def forged(v):
        other = purecrypto.ed25519_sign(bytes(32), b"hozen-1 object\0")
        return v[:17] + other
    f.change(f.session_name(), 0x4001, forged)


@case(CORRUPT, "a good signature and one more, of a stranger")
def signature_more(f):
    f.remake(f.session_name(), f.sections(f.session_name()), [f.writer, Seal(f.suite, b"\1" * 32)])


@case(CORRUPT, "a session signed by a root key")
def session_by_root(f):
    f.remake(f.session_name(), f.sections(f.session_name()), [f.root])


@case(CORRUPT, "S of the signature plus the order of the base point")
def signature_malleable(f):
    def added(v):
        s = int.from_bytes(v[-32:], "little") + purecrypto.L
        return v[:-32] + s.to_bytes(32, "little")
    f.change(f.session_name(), 0x4001, added)


# --- sessions


@case(CORRUPT, "the two seals swapped")
def session_seals_swapped(f):
    s = f.sections(f.session_name())
    f.remake(f.session_name(), s[:2] + [(0x4002, s[3][1]), (0x4003, s[2][1])])


@case(CORRUPT, "a good seal of another key: it is not the one that the commitment says")
def session_other_key(f):
    context = [f.repo, f.session.uid, f.session.writer, byte(METADATA), le(1, 4), byte(f.suite)]
    sealed = seal_make(f.suite, b"\7" * 32, f.bundle.recipients[0], "session", context, b"\1" * 32)
    f.change(f.session_name(), 0x4002, sealed)


@case(CORRUPT, "a group that is not the writer's")
def session_other_group(f):
    f.change(f.session_name(), 1, lambda v: v[:32] + bytes(16) + v[48:], [f.writer])
    f.follow_session()


@case(CORRUPT, "a session one byte longer")
def session_longer(f):
    f.change(f.session_name(), 1, lambda v: v + b"\0", [f.writer])
    f.follow_session()


# --- commits


@case(TOONEW, "a critical section that is not known in a commit")
def commit_critical(f):
    f.remake(f.commit_name(), insert(f.sections(f.commit_name()), 5, b"new"), [f.writer])


@case(OK, "an ignorable section in a commit, covered and signed")
def commit_ignorable(f):
    f.remake(f.commit_name(), insert(f.sections(f.commit_name()), IGNORABLE | 6, b"new"), [f.writer])


@case(OK, "a key of evidence for which the writer of a commit vouches")
def commit_evidence(f):
    f.remake(f.commit_name(), insert(f.sections(f.commit_name()), IGNORABLE | 5, bytes(32)), [f.writer])


@case(CORRUPT, "such a key that is too long")
def commit_evidence_long(f):
    f.remake(f.commit_name(), insert(f.sections(f.commit_name()), IGNORABLE | 5, bytes(33)), [f.writer])


@case(CORRUPT, "the ciphertext of the body has another hash")
def commit_body_hash(f):
    f.change(f.commit_name(), 0x4002, lambda v: flip(v, 9))


@case(CORRUPT, "the hash is right, but the body does not decrypt")
def commit_body_forged(f):
    sections = dict(f.sections(f.commit_name()))
    sections[0x4002] = flip(sections[0x4002], 9)
    sections[4] = sections[4][:16] + container.suite_hash(f.suite, sections[0x4002])
    f.remake(f.commit_name(), sorted(sections.items()), [f.writer])


def other_body(f, edit):
    """The body under a uid, so a key, of its own."""
    old, uid = f.head.body(f.base.session_key(f.session, METADATA)), b"\x55" * 16
    key = crypto.derive(f.suite, f.base.session_key(f.session, METADATA), "commit body", uid)
    ad = byte(7) + byte(f.suite) + f.repo + f.session.uid + uid
    sealed = purecrypto.aead_seal(f.suite, key, bytes(12), ad, join(edit(split(old))))
    sections = dict(f.sections(f.commit_name()))
    sections.update({4: uid + container.suite_hash(f.suite, sealed), 0x4002: sealed})
    f.remake(f.commit_name(), sorted(sections.items()), [f.writer])


@case(OK, "the body encrypted anew")
def commit_body_anew(f):
    other_body(f, lambda s: s)


@case(OK, "an ignorable section in the body")
def commit_body_ignorable(f):
    other_body(f, lambda s: s + [(IGNORABLE | 13, b"new")])


@case(TOONEW, "a critical section in the body that is not known")
def commit_body_critical(f):
    other_body(f, lambda s: s + [(13, b"new")])


@case(CORRUPT, "a body without its paths")
def commit_body_short(f):
    other_body(f, lambda s: [x for x in s if x[0] != 3])


@case(CORRUPT, "a time with 10^9 nanoseconds")
def commit_body_time(f):
    other_body(f, lambda s: [(1, s[0][1][:8] + le(10**9, 4) + s[0][1][12:])] + s[1:])


@case(CORRUPT, "complete is neither 0 nor 1")
def commit_body_complete(f):
    other_body(f, lambda s: [(t, b"\2" if t == 7 else v) for t, v in s])


@case(CORRUPT, "more counts stated than there are")
def commit_body_counts(f):
    other_body(f, lambda s: [(t, flip(v, 0, 0x40) if t == 6 else v) for t, v in s])


@case(CORRUPT, "a root that is a file")
def commit_root_file(f):
    other_body(f, lambda s: [(t, b"\1\4root\2" + b"\3" + var(0o100644) if t == 8 else v) for t, v in s])


@case(TOONEW, "a field of the root that is not known")
def commit_root_field(f):
    other_body(f, lambda s: [(t, v + b"\x15\0" if t == 8 else v) for t, v in s])


@case(OK, "a field of the root that is not known and may be skipped")
def commit_root_field_ignorable(f):
    other_body(f, lambda s: [(t, v + b"\x80\0" if t == 8 else v) for t, v in s])


@case(CORRUPT, "a parent that is missing, with no word in the admin log")
def commit_parent_missing(f):
    f.commit(2, b"\1" + bytes(32))


@case(CORRUPT, "parents out of order")
def commit_parents_order(f):
    parent = f.head.parents[0]
    f.commit(2, b"\2" + parent + bytes(32))


@case(CORRUPT, "kind 5")
def commit_kind(f):
    f.commit(1, lambda v: b"\5" + v[1:])


@case(CORRUPT, "an eviction that the writer signed")
def commit_evicted_by_writer(f):
    s = f.sections(f.commit_name())
    f.remake(f.commit_name(), [(1, b"\4" + s[0][1][1:]), (2, b"\0")], [f.writer])


@case(CORRUPT, "another session's hash")
def commit_other_session(f):
    f.commit(1, lambda v: v[:-32] + bytes(32))


@case(CORRUPT, "a run that is missing")
def commit_run_missing(f):
    f.commit(3, lambda v: le(2, 2) + bytes(48) + v[2:])


@case(CORRUPT, "another hash of a run")
def commit_run_hash(f):
    f.commit(3, lambda v: flip(v, 20))


@case(OK, "a second commit of the same session, under the next try: the lower one counts")
def commit_two_tries(f):
    name = f.commit_name()
    f.remake(name[:-1] + "1", insert(f.sections(name), IGNORABLE | 6, b"second"), [f.writer], kind=container.COMMIT)
