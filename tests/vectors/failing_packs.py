# SPDX-License-Identifier: BSD-2-Clause
"""Cases of failing vectors: index runs and packs, encrypted and signed anew. See make_failing.py."""
from failing_objects import CORRUPT, DAMAGE, OK, TOONEW, case, insert
from forge import Seal
from make_object import flip, le
from reader.session import DATA, METADATA

# The pack of these cases has two frames of data (a bundle of two members, the pad) and one of metadata (three members).
WRITERS, FRAME_LEN, MEMBER_LEN = 2 + 16, 19, 36
FRAMES = WRITERS + 4
OFFSET, STORED, RAW, METHOD, WRITER, MEMBERS = 0, 4, 8, 12, 13, 15


def frame(i, field):
    return FRAMES + i * FRAME_LEN + field


def member(frames, i):
    return FRAMES + frames * FRAME_LEN + i * MEMBER_LEN


def add32(data, at, n):
    data[at:at + 4] = le(int.from_bytes(data[at:at + 4], "little") + n, 4)


def table(f, role, edit):
    f.repack(lambda parts: edit(parts[role][1]))


def root(f, role, edit):
    f.repack(lambda parts: edit(parts[role][0]))


# --- runs


@case(OK, "a run encrypted and signed anew")
def run_anew(f):
    f.pages(lambda p: p)


@case(CORRUPT, "a page changed, and not the hash of the pages")
def run_page_hash(f):
    f.raw_pages(flip(f.run.pages, 4096 + 7), hash_too=False)


@case(CORRUPT, "the hash is right, but a page does not decrypt")
def run_page_forged(f):
    f.raw_pages(flip(f.run.pages, 4096 + 7))


@case(CORRUPT, "the first two pages swapped")
def run_pages_swapped(f):
    p = f.run.pages
    f.raw_pages(p[4096:8192] + p[:4096] + p[8192:])


@case(CORRUPT, "half a page less")
def run_pages_cut(f):
    f.raw_pages(f.run.pages[:-2048])


@case(CORRUPT, "a run that a stranger signed")
def run_by_stranger(f):
    f.pages(lambda p: p, Seal(f.suite, b"\1" * 32))


@case(OK, "a run that a root key signed: nobody deduplicates against it, but readers take it")
def run_by_root(f):
    f.pages(lambda p: p, f.root)


@case(TOONEW, "a critical section that is not known in a run")
def run_critical(f):
    f.remake(f.run.object.name, insert(f.sections(f.run.object.name), 3, b"new"), [f.writer])
    f.follow_run()


@case(CORRUPT, "two entries in the wrong order")
def run_entries_order(f):
    f.pages(lambda p: p[:2] + [p[2][36:72] + p[2][:36] + p[2][72:]] + p[3:])


@case(CORRUPT, "an entry twice")
def run_entry_twice(f):
    f.pages(lambda p: p[:2] + [p[2][:36] + p[2][:36] + p[2][72:]] + p[3:])


@case(CORRUPT, "an entry in a pack that the run does not have")
def run_entry_place(f):
    f.pages(lambda p: p[:2] + [p[2][:32] + le(1, 4) + p[2][36:]] + p[3:])


@case(CORRUPT, "one entry more stated than the pages that hold them")
def run_entries_count(f):
    f.pages(lambda p: [p[0][:8] + le(200, 8) + p[0][16:]] + p[1:])


@case(CORRUPT, "an id that the pack does not hold")
def run_claims_too_much(f):
    f.pages(lambda p: p[:2] + [p[2][:31] + bytes([p[2][31] ^ 1]) + p[2][32:]] + p[3:])


@case(CORRUPT, "bytes behind the entries of a page")
def run_page_rest(f):
    f.pages(lambda p: p[:2] + [p[2][:-1] + b"\1"] + p[3:])


@case(CORRUPT, "a page of padding that is not zero")
def run_padding(f):
    f.pages(lambda p: p[:-1] + [b"\1" + p[-1][1:]])


@case(CORRUPT, "another size of the pack")
def run_pack_size(f):
    f.pages(lambda p: [p[0], p[1][:16] + le(131072, 4) + p[1][20:]] + p[2:])


@case(CORRUPT, "another hash of the pack")
def run_pack_hash(f):
    f.pages(lambda p: [p[0], flip(p[1], 20)] + p[2:])


# --- packs as bytes


@case(CORRUPT, "a pack is missing")
def pack_missing(f):
    del f.files[f.pack.name]


@case(DAMAGE, "a pack with a block lost")
def pack_block(f):
    data = f.files[f.pack.name]
    f.files[f.pack.name] = data[:8192] + bytes(4096) + data[12288:]


@case(DAMAGE, "a pack cut by one block")
def pack_cut(f):
    f.files[f.pack.name] = f.files[f.pack.name][:-4096]


@case(CORRUPT, "a pack with three blocks lost")
def pack_lost(f):
    f.files[f.pack.name] = bytes(3 * 4096) + f.files[f.pack.name][12288:]


def head(f, at, mask=1):
    def edit(stream):
        stream[at] ^= mask
    f.repack(stream_edit=edit)


@case(CORRUPT, "another pack uid")
def pack_uid(f):
    head(f, 128)


@case(CORRUPT, "another session uid")
def pack_session(f):
    head(f, 144)


@case(CORRUPT, "another writer")
def pack_writer(f):
    head(f, 160)


@case(CORRUPT, "a byte that must be zero")
def pack_reserved(f):
    head(f, 191)


@case(CORRUPT, "the two roots swapped")
def pack_roots_swapped(f):
    def edit(stream):
        stream[192:272], stream[272:352] = stream[272:352], stream[192:272]
    f.repack(stream_edit=edit)


@case(CORRUPT, "a frame with one bit changed, all checksums and hashes right")
def pack_frame_bit(f):
    head(f, f.pack.frames[DATA][0].offset)


# --- packs with other roots and tables


@case(OK, "roots and tables encrypted anew")
def pack_anew(f):
    f.repack(lambda parts: None)


@case(CORRUPT, "the tables swapped: each root names the other's")
def pack_tables_swapped(f):
    def edit(parts):
        data, metadata = parts[DATA][0], parts[METADATA][0]
        data[:16], metadata[:16] = metadata[:16], data[:16]
    f.repack(edit)


@case(CORRUPT, "a root with one frame more than the table")
def root_frames(f):
    root(f, DATA, lambda r: add32(r, 8, 1))


@case(CORRUPT, "a root with one member more than the table")
def root_members(f):
    root(f, METADATA, lambda r: add32(r, 12, 1))


@case(CORRUPT, "a root whose rest is not zero")
def root_rest(f):
    root(f, DATA, lambda r: add32(r, 60, 1))


@case(CORRUPT, "a table in the head")
def root_table_in_head(f):
    root(f, DATA, lambda r: add32(r, 0, 128 - f.pack.tables[DATA][0]))


@case(CORRUPT, "a table beyond the end")
def root_table_beyond(f):
    root(f, DATA, lambda r: add32(r, 4, 1 << 20))


@case(CORRUPT, "a root without table that has frames")
def root_no_table(f):
    root(f, METADATA, lambda r: add32(r, 4, -f.pack.tables[METADATA][1]))


@case(CORRUPT, "a member one byte longer than its frame has left")
def member_long(f):
    table(f, DATA, lambda t: add32(t, member(2, 1) + 32, 1))


@case(CORRUPT, "members one byte short of their frame")
def member_short(f):
    table(f, METADATA, lambda t: add32(t, member(1, 2) + 32, -1))


@case(CORRUPT, "lengths of members that come round 2^32")
def member_round(f):
    def edit(t):
        add32(t, member(2, 0) + 32, 0x80000000)
        add32(t, member(2, 1) + 32, 0x80000000)
    table(f, DATA, edit)


@case(CORRUPT, "two members with each other's lengths, ids and claims untouched")
def member_border(f):
    def edit(t):
        add32(t, member(2, 0) + 32, 1)
        add32(t, member(2, 1) + 32, -1)
    table(f, DATA, edit)


@case(CORRUPT, "an id that the content does not have, claimed by the run as well")
def member_id(f):
    old = f.pack.frames[DATA][0].members[0][0]
    new = bytes([old[0]]) + old[1:31] + bytes([old[31] ^ 1])
    table(f, DATA, lambda t: t.__setitem__(slice(member(2, 0), member(2, 0) + 32), new))
    named = f.get(f.pack.name).hash()

    def edit(pages):
        pages[1] = pages[1].replace(f.pack.object.hash(), named)
        pages[2] = pages[2].replace(old, new)
        return pages
    f.pages(edit)


@case(CORRUPT, "one frame more in the table than there is room for")
def table_frames(f):
    table(f, DATA, lambda t: add32(t, WRITERS, 1000))


@case(CORRUPT, "more writers than there is room for")
def table_writers(f):
    table(f, DATA, lambda t: t.__setitem__(slice(0, 2), le(60000, 2)))


@case(CORRUPT, "a frame that begins before the one before it ends")
def frame_overlap(f):
    table(f, DATA, lambda t: add32(t, frame(1, OFFSET), f.pack.frames[DATA][0].offset - f.pack.frames[DATA][1].offset))


@case(CORRUPT, "a frame in the head")
def frame_in_head(f):
    table(f, DATA, lambda t: add32(t, frame(0, OFFSET), -8))


@case(CORRUPT, "a frame beyond the end")
def frame_beyond(f):
    table(f, METADATA, lambda t: add32(t, frame(0, OFFSET), 1 << 16))


@case(CORRUPT, "offset and length come round 2^32")
def frame_round(f):
    table(f, METADATA, lambda t: add32(t, frame(0, STORED), 0xFFFFFF00 - f.pack.frames[METADATA][0].stored))


@case(CORRUPT, "a frame of a tag and no byte")
def frame_empty(f):
    table(f, METADATA, lambda t: add32(t, frame(0, STORED), 16 - f.pack.frames[METADATA][0].stored))


@case(CORRUPT, "a raw length above 16 MiB")
def frame_raw_limit(f):
    table(f, METADATA, lambda t: add32(t, frame(0, RAW), (16 << 20) + 1 - f.pack.frames[METADATA][0].raw))


@case(CORRUPT, "a raw length that zstd does not state, members to match")
def frame_raw_other(f):
    def edit(t):
        add32(t, frame(0, RAW), 1)
        add32(t, member(1, 2) + 32, 1)
    table(f, METADATA, edit)


@case(CORRUPT, "as it is, but a raw length of one byte more, members to match")
def frame_as_is_other(f):
    def edit(t):
        add32(t, frame(0, RAW), 1)
        add32(t, member(2, 1) + 32, 1)
    table(f, DATA, edit)


@case(CORRUPT, "zstd said of what is not")
def frame_not_zstd(f):
    table(f, DATA, lambda t: t.__setitem__(frame(0, METHOD), 1))


@case(CORRUPT, "method 3")
def frame_method(f):
    table(f, DATA, lambda t: t.__setitem__(frame(1, METHOD), 3))


@case(CORRUPT, "a frame of a writer that the table does not have")
def frame_writer(f):
    table(f, DATA, lambda t: t.__setitem__(frame(0, WRITER), 1))


@case(CORRUPT, "a pad that has a member")
def pad_member(f):
    def edit(t):
        add32(t, frame(0, MEMBERS), -1)
        add32(t, frame(1, MEMBERS), 1)
    table(f, DATA, edit)


@case(CORRUPT, "a pad of the metadata table")
def pad_metadata(f):
    table(f, METADATA, lambda t: t.__setitem__(frame(0, METHOD), 2))


@case(CORRUPT, "a pad one byte before the end")
def pad_short(f):
    def edit(t):
        add32(t, frame(1, STORED), -1)
        add32(t, frame(1, RAW), -1)
    table(f, DATA, edit)


@case(CORRUPT, "a pad that is not zero")
def pad_not_zero(f):
    pad = f.pack.frames[DATA][1]
    sealed = f.sealed(DATA, 1, 1, bytes(pad.raw - 1) + b"\1")

    def edit(stream):
        stream[pad.offset:pad.offset + pad.stored] = sealed
    f.repack(stream_edit=edit)
