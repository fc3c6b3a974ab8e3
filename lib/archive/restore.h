/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Restore, inside. The stored tree is walked more than once, in the same order each time, so that memory does not grow
 * with it:
 *
 *	plan	folders are made; contents are collected into batches; a full one is carried out pack by pack while
 *		the next is collected
 *	attrs	symlinks, devices and the like, hard links; on the way up the attributes of folders
 *	verify	everything is read back
 *
 * What one walk found out the next one needs: one byte an entry, kept by the entry's place in the walk.
 * Threads: everything but the tasks of batches and of verify runs on the caller's thread. Those tasks and the walk
 * share the folders, the files' counters and what is marked atomic.
 */
#ifndef ARCHIVE_RESTORE_H
#define ARCHIVE_RESTORE_H

#include "archive/idmap.h"
#include "archive/pattern.h"
#include "archive/reader.h"
#include "base/pool.h"
#include "hozen/restore.h"

#define RESTORE_OPENING 16u

/* ---- descriptors (restore_fds.c) ---- */

/* A descriptor that is closed when it was not used for long, and opened again at need. Idle ones (no pins) are in a
 * list. All calls with the lock held. */
struct restore_fd {
	int fd;     /* -1: closed */
	int errnum; /* of a close that failed */
	unsigned pins;
	struct restore_fd *newer, *older;
};
struct restore_fds {
	pthread_mutex_t lock;
	struct restore_fd *newest, *oldest;
	unsigned open, cap; /* cap: more than that are open only while they are pinned */
};
void restore_fds_init(struct restore_fds *c, unsigned cap);
/* No slot may be open any more. */
void restore_fds_release(struct restore_fds *c);
/* True, and pinned, when it is open. */
bool restore_fds_pin(struct restore_fds *c, struct restore_fd *s);
/* fd was just opened: it is pinned once, idle ones make room. */
void restore_fds_add(struct restore_fds *c, struct restore_fd *s, int fd);
void restore_fds_unpin(struct restore_fds *c, struct restore_fd *s);
/* Out of the cache, for whoever holds no pin: the descriptor or -1 is the caller's. */
int restore_fds_take(struct restore_fds *c, struct restore_fd *s);

/* ---- folders beneath the target (restore_dirs.c) ---- */

/* Counted by references; a folder holds one to its parent. */
struct restore_dir {
	struct restore_dir *parent; /* NULL: the target */
	struct restore_dir *down;   /* while it is being opened; under the lock */
	struct restore_fd slot;     /* O_PATH */
	unsigned refs;              /* atomic */
	bool existed;               /* it was there before: what is in it may be there too */
	bool plain;                 /* what is made in it inherits nothing: no default ACL, no inode flags */
	bool closed;                /* nobody else gets into it before it is done */
	char name[];
};
struct restore_dirs {
	struct restore_fds fds;
	int root;        /* the target; not ours */
	bool no_openat2; /* atomic */
};
void restore_dirs_init(struct restore_dirs *d, int root, unsigned cap);
void restore_dirs_release(struct restore_dirs *d);
/* Describes a folder, touches nothing. parent NULL: the target itself. NULL when memory is out. */
struct restore_dir *restore_dir_new(struct restore_dir *parent, const void *name, size_t len);
struct restore_dir *restore_dir_ref(struct restore_dir *dir);
void restore_dir_unref(struct restore_dirs *d, struct restore_dir *dir);
/* A descriptor of the folder, good until restore_dir_put. 0 or an errno: ELOOP or ENOTDIR when something else stands on
 * the way. Any thread. */
int restore_dir_get(struct restore_dirs *d, struct restore_dir *dir, int *fd);
void restore_dir_put(struct restore_dirs *d, struct restore_dir *dir);
/* Opens the child of a folder, which must be a folder and no symlink. -1 and errno. */
int restore_open_folder(struct restore_dirs *d, int parent, const char *name, int flags);
/* The path below the target of name in dir (either may be NULL), to be freed; NULL when memory is out. */
char *restore_path(const struct restore_dir *dir, const char *name, size_t *len);

/* ---- where content lies (restore_content.c) ---- */

/* length bytes at offset off of a file. */
struct restore_piece {
	uint64_t off, len;
};
/* The chunks of a file one after the other, each with the pieces of the file that it fills. Checks that the lengths of
 * the chunks add up to the extents of data, and that these end within the file. */
struct restore_content {
	const struct entry *e;
	struct node_walk *chunks, *extents;
	uint32_t chunk_at, extent_at; /* of lists in the entry itself */
	struct restore_piece left;    /* of the extent that is being filled */
	struct restore_piece *pieces; /* of the chunk at hand */
	size_t n_pieces, cap_pieces;
};
/* e must live as long. */
int restore_content_open(struct restore_content *c, const struct entry *e, node_get_fn get, void *user, hz_error **err);
/* 1 and the next chunk, its pieces in c; 0 at the end. */
int restore_content_next(struct restore_content *c, struct chunk_ref *chunk, hz_error **err);
void restore_content_release(struct restore_content *c);
/* Does the file have holes? */
bool restore_content_is_sparse(const struct entry *e);

/* ---- the run ---- */

/* What bounds memory and descriptors; tests make it small. */
struct restore_limits {
	size_t batch_bytes;
	unsigned files_open, dirs_open;
};
extern struct restore_limits restore_limits;

/* Of an entry; what restore_state_get gives for one that no walk has come to is RESTORE_NONE. */
enum restore_state {
	RESTORE_NONE,
	RESTORE_MADE,   /* by us, with all its attributes (folders: so far) */
	RESTORE_SHORT,  /* by us, without some attribute */
	RESTORE_USED,   /* a folder that was there and is used */
	RESTORE_LEFT,   /* something was there and is left as it is */
	RESTORE_FAILED, /* the target would not take it */
	RESTORE_DAMAGED /* the store could not give it */
};

/* The names of one inode: the first that is made, for the others to be linked to. */
struct restore_link {
	struct restore_dir *dir;
	char *name;
	enum restore_state state;
	uint32_t type;        /* of all of them: S_IFREG and the like */
	uint64_t ino, dev;    /* of what we made: nothing else is linked to */
	uint32_t inode_flags; /* those that lock the file; set when all names are there */
	uint64_t verified;    /* inode that verify saw first */
};

/* A regular file on its way to the target. */
struct restore_file {
	struct restore_dir *dir;
	struct restore_link *link; /* when it is the first name of several */
	const char *name;
	uint64_t n; /* place in the walk */
	uint64_t size;
	uint32_t mode, first_flags; /* first_flags: of entry_flags_first */
	uint64_t data;              /* bytes of its chunks */
	struct restore_fd slot;
	uint64_t ino, dev; /* of the temporary file, to know it again */
	const char *tag;   /* the run's */
	uint32_t temp;     /* number in its name */
	bool has_temp;
	/* Of one that stands under its name already (restore_update.c). */
	bool replaces; /* something is there, which may go */
	bool old;      /* it is a regular file, of this inode */
	bool shared;   /* with other names than this */
	bool present;  /* some of its chunks are right */
	bool moved;    /* what has the temporary name is the old file */
	uint64_t old_ino, old_dev;
	bool sparse;
	bool has_xattrs;
	bool begun; /* a batch with some of its wants was begun before all were known */
	bool alone; /* one thread works at it: it has one want at most */
	uint32_t n_wants;
	uint32_t wants;  /* atomic: left to do, and one for the walk until it knows them all */
	uint32_t failed; /* atomic: enum restore_state, or 0 */
	enum restore_state state;
	size_t len;
	uint8_t bytes[]; /* the encoded entry, then the name */
};

/* One chunk at one place of one file. */
struct restore_want {
	struct id id;
	uint32_t len;
	uint32_t pack; /* number in the index */
	struct restore_file *file;
	uint64_t off;      /* in the file; or, with pieces, the first of them in the batch */
	uint32_t n_pieces; /* 0: it lies in one piece */
};
/* A want and where its pack has it. */
struct restore_placed {
	struct restore_want *want;
	uint32_t frame, off, len;
};
/* The wants of one pack. Whoever comes to it first opens it and finds their frames; then others that have nothing else
 * to do may help, each with the pack opened for itself. */
struct restore_pack {
	struct restore_want *wants;
	size_t n;
	struct restore_placed *placed; /* in order of frames */
	size_t next;                   /* in placed; under r->sharing, as shared */
	bool shared;                   /* it is open and others may help */
};
struct restore_batch {
	struct restore *restore;
	struct restore_want *wants;
	size_t n_wants, cap_wants;
	struct restore_file **files; /* whose last want was planned in it, or that want nothing */
	size_t n_files, cap_files;
	struct restore_piece *pieces;
	size_t n_pieces, cap_pieces;
	size_t bytes; /* memory of the files */
	/* While it is carried out. */
	struct restore_pack *packs;
	uint32_t *order;                    /* to read them in; NULL: as they are */
	size_t n_packs, next_pack, opening; /* next, and how many are being opened: under r->sharing */
	unsigned tasks;                     /* atomic: at it */
	struct restore_file **idle;         /* nothing more is to come for them */
	size_t n_idle, cap_idle, next_idle; /* next: atomic */
};

/* What one thread needs for itself. */
struct restore_worker {
	const struct restore_batch *batch; /* the one it works at */
	struct mac *content;
	struct arena *arena;
	struct buf frame;
	struct pack *other; /* the last one asked in place of another, and its frame that was read */
	struct buf other_frame;
	uint32_t other_at; /* UINT32_MAX: none */
};

struct restore_frame; /* restore_walk.c */

struct restore {
	struct hz_reader *reader;
	struct reader_group *group;
	struct reader_nodes nodes;
	struct index *index; /* NULL in a dry run */
	struct snap *snap;
	struct patterns *patterns; /* NULL: everything */
	hz_job *job;
	hz_restore_options opts;
	hz_restore_result result;
	hz_progress progress;            /* the calling thread's */
	uint64_t files_done, bytes_done; /* atomic */
	struct pool *pool;
	struct restore_worker *workers; /* one a thread of the pool, and one for the caller's */
	unsigned n_workers;
	/* target */
	int target;          /* -1: not made yet */
	bool flushes;        /* each file: the flush in the end would not reach where the target is stored */
	bool updates;        /* what exists is made as the snapshot has it; otherwise it is left */
	bool deletes;        /* and what the snapshot does not have is removed */
	bool resumes;        /* what an interrupted restore of the same left behind is removed */
	bool journaled;      /* there is a journal in the target */
	uint32_t root_locks; /* flags of the target itself, set last */
	struct timespec root_mtime;
	bool root_done;     /* the target itself has its attributes */
	char tag[9];        /* in temporary names: the snapshot's first digits */
	uint64_t unchanged; /* atomic: files that were right already */
	bool target_fresh;  /* it was not there, or empty */
	bool target_made;
	struct restore_dirs dirs;
	pthread_mutex_t sharing; /* who reads which packs and frames */
	pthread_cond_t opened;
	struct restore_fds files;                 /* of files with more than one chunk */
	pthread_mutex_t opening[RESTORE_OPENING]; /* by file: of those only one thread opens */
	uint32_t temp;                            /* atomic: last number of a temporary name */
	/* walks */
	bool first_walk;
	uint8_t *states;
	size_t n_states, cap_states;
	struct restore_gap *gaps; /* in lists, by their place */
	size_t n_gaps;
	struct restore_batch batches[2];
	/* The one that is collected, or that comes to its end before it is; the one that was begun last. */
	struct restore_batch *batch, *running;
	unsigned batches_begun;
	struct restore_file *open; /* not all its wants are known: in no batch yet */
	struct idmap links;        /* hard link id to place in link */
	struct restore_link **link;
	size_t n_links;
	pthread_mutex_t kept_lock;
	struct idmap kept, seen; /* inodes of groups: that were there and are kept; that verify saw */
};

enum restore_state restore_state_get(const struct restore *r, uint64_t n);
int restore_state_set(struct restore *r, uint64_t n, enum restore_state s, hz_error **err);
/* An event with a path below the target. Any thread. */
void restore_event(struct restore *r, uint32_t kind, const struct restore_dir *dir, const char *name, const char *fmt,
	...) __attribute__((format(printf, 5, 6)));
/* Delivers events and progress; HZ_E_CANCELED. The calling thread only. */
int restore_tick(struct restore *r, hz_error **err);
int restore_phase(struct restore *r, uint32_t phase, hz_error **err); /* a tick too */
/* pool_wait_for with ticks; left NULL: for all. */
int restore_wait(struct restore *r, const unsigned *left, hz_error **err);
/* Must the whole restore end when the target says this? */
bool restore_errno_is_fatal(int errnum);
/* The entry of a failed name: an event of kind TARGET and a state; or, where the whole restore ends, its error. */
int restore_target_failed(struct restore *r, const struct restore_dir *dir, const char *name, const char *what,
	int errnum, hz_error **err);
/* Is this a store's answer about one object, not about the store? */
bool restore_is_damage(int rc);

/* Collects the attributes that one file could not get into one event. */
struct restore_shorts {
	char text[512];
	size_t len;
	unsigned n;
	bool more; /* than text holds */
};
/* entry_short_fn; user: struct restore_shorts */
void restore_short(void *user, const char *what, int errnum);
/* The event, if there was any; the state that the entry has then. */
enum restore_state restore_shorts_tell(
	struct restore *r, const struct restore_shorts *s, const struct restore_dir *dir, const char *name);

/* The target: looked at; HZ_E_REFUSED when it is not empty and that was not allowed; made, when it was not there. */
int restore_target_look(struct restore *r, hz_error **err);
int restore_target_check(struct restore *r, hz_error **err);
int restore_target_make(struct restore *r, hz_error **err);
/* Does what is made in the target itself inherit nothing? */
bool restore_target_is_plain(const struct restore *r);

/* ---- walking (restore_walk.c) ---- */

/* Nodes of a list that the first walk could not read. */
struct restore_gap {
	uint64_t list, items; /* the list's place in the walk; entries that came before */
	uint64_t nodes;
};
struct restore_frame {
	struct node_walk *list; /* NULL: an empty folder */
	uint8_t *bytes;         /* of the folder's own entry */
	size_t len;
	size_t path_len;
	uint64_t number, items, failed; /* failed: nodes since the last item */
	uint64_t n;                     /* place in the walk; known once it was entered */
	bool selected;                  /* with all below it */
	bool entered;
	bool skip;               /* set by enter: nothing below it is walked, and leave is not called */
	struct restore_dir *dir; /* set by enter; freed by the walk */
};
struct restore_item {
	const struct entry *e; /* borrowed, as the bytes, for the call */
	const uint8_t *bytes;
	size_t len;
	uint64_t n;
};
/* Folders are entered before what is in them, left after; those that are only on the way to what the patterns select,
 * when the first such thing is found. parent of the root: NULL. */
struct restore_visitor {
	int (*enter)(struct restore *r, struct restore_frame *f, const struct restore_frame *parent,
		const struct entry *e, hz_error **err);
	int (*leaf)(
		struct restore *r, const struct restore_frame *parent, const struct restore_item *it, hz_error **err);
	int (*leave)(struct restore *r, struct restore_frame *f, const struct restore_frame *parent,
		const struct entry *e, hz_error **err); /* NULL: not needed */
};
int restore_walk(struct restore *r, const struct restore_visitor *v, hz_error **err);

/* ---- the walks ---- */

extern const struct restore_visitor restore_planner, restore_counter, restore_finisher, restore_verifier;

/* Takes a regular file into the batch, which may begin it (restore_plan.c). link: it is the first name of that inode.
 * old: what stands under its name, to be changed or replaced; or NULL. */
int restore_plan_file(struct restore *r, struct restore_dir *dir, const struct restore_item *it,
	struct restore_link *link, const struct source_stat *old, hz_error **err);
/* The group of names that an entry belongs to; *is_new: it was not known. */
int restore_link_of(struct restore *r, const struct entry *e, struct restore_link **link, bool *is_new, hz_error **err);
/* An inode for a group: 1 for the first that asks, 0 for others, below 0 when memory is out. kept: any thread. */
int restore_link_claim(struct restore *r, struct idmap *claimed, uint64_t dev, uint64_t ino);
/* What became of the name that stands for its inode. */
int restore_link_set(struct restore *r, struct restore_link *link, struct restore_dir *dir, const char *name,
	enum restore_state state, hz_error **err);
/* An existing file that is left as it is. */
int restore_left(struct restore *r, const struct restore_dir *dir, const char *name, uint64_t n, hz_error **err);
/* Counts what became of an entry that is not a folder and remembers it. */
int restore_outcome(struct restore *r, const struct entry *e, uint64_t n, enum restore_state state, hz_error **err);
/* Sets the flags that lock files, when all names are there (restore_attrs.c). */
void restore_link_locks(struct restore *r);
/* Inode flags that forbid changes: they are set last. fd is open for reading or writing. 0 or an errno. */
#define RESTORE_LOCKS 0x30u /* immutable, append only: as FS_IOC_GETFLAGS numbers them */
int restore_lock(int fd, uint32_t inode_flags);

struct restore_file *restore_file_new(struct restore *r, struct restore_dir *dir, const struct restore_item *it,
	struct restore_link *link, hz_error **err);
/* The file is the batch's from now on (restore_batch.c has this and what follows). */
int restore_batch_add(struct restore_batch *b, struct restore_file *f, hz_error **err);
/* What every worker does with a batch that was begun, the argument (restore_data.c). A pool_fn. */
int restore_work(void *arg, unsigned worker, hz_error **err);
#define RESTORE_NO_PACK UINT32_MAX        /* of a want that no pack has */
#define RESTORE_PRESENT (UINT32_MAX - 1u) /* of one that the file has already */
/* Nothing more is to come for this file. */
int restore_batch_idle(struct restore_batch *b, struct restore_file *f, hz_error **err);
/* Begins the batch that was collected and waits for the one before, which is collected then. */
int restore_data_begin(struct restore *r, hz_error **err);
/* Until all that was collected is done. */
int restore_data_run(struct restore *r, hz_error **err);
/* No task runs any more: removes what files of the batches have left behind, and frees everything of them. */
void restore_batches_release(struct restore *r);

/* ---- one file (restore_file.c) ---- */

/* Puts a chunk's bytes where they belong. A failure of this file alone is told and 0. */
int restore_file_write(struct restore *r, const struct restore_worker *w, const struct restore_want *want,
	const uint8_t *data, hz_error **err);
/* All its content is there, or it failed: attributes and final name, or nothing left of it. */
int restore_file_finish(struct restore *r, struct restore_worker *w, struct restore_file *f, hz_error **err);
/* The store cannot give all of it: told once. */
void restore_file_damaged(struct restore *r, struct restore_file *f, const char *why);
/* Closes it and removes what stands under the temporary name. Any state. */
void restore_file_discard(struct restore *r, struct restore_file *f);
void restore_file_free(struct restore *r, struct restore_file *f);

#define RESTORE_TEMP_LEN 40
void restore_file_temp_name(char out[RESTORE_TEMP_LEN], const struct restore_file *f);
/* A new file under a temporary name of f's, or an errno. */
int restore_file_temp(struct restore *r, struct restore_file *f, int dir, mode_t mode, int *fd);

/* ---- onto what is there (restore_update.c) ---- */

enum restore_place {
	RESTORE_FREE, /* nothing is there, or no more */
	RESTORE_OLD,  /* something that is no folder, and may be changed or replaced: *old is set */
	RESTORE_TAKEN /* what is there stays: we do not update, or it is a folder with things in it */
};
/* What stands where something that is no folder goes; an empty folder is removed, a full one if that was asked for. */
int restore_look(struct restore *r, struct restore_dir *dir, const char *name, struct source_stat *old,
	enum restore_place *place, hz_error **err);
/* Removes what is no folder where a folder goes. An errno. */
int restore_make_way(struct restore *r, struct restore_dir *dir, const char *name);
/* temp gets the name, whatever had it. An errno. */
int restore_replace(int dir, const char *temp, const char *name);
/* Opens a file or folder of the target for reading; whatever else stands there is not opened, for that alone may do
 * something (a tape winds back, a writer at a FIFO wakes up). -1 and an errno. */
int restore_open_name(int dir, const char *name);
/* Takes away the flags that forbid changes. An errno. */
int restore_unlock(int fd);
/* Takes the wants that the target has out of the batch that is collected. No batch is carried out meanwhile. */
int restore_compare(struct restore *r, hz_error **err);
/* What restore_file_temp is for a file whose old content counts: a clone or copy of it, or itself. An errno. */
int restore_take_over(struct restore *r, struct restore_file *f, int dir, int *fd);
/* Makes holes where they belong. An errno. */
int restore_punch(struct restore *r, const struct entry *e, int fd);
/* All chunks are right: kept, with its attributes set, unless length, holes, other names or another group forbid. An
 * errno. */
int restore_keep(struct restore *r, struct restore_file *f, struct entry *e, struct restore_shorts *shorts, bool *kept);

/* ---- removing (restore_delete.c) ---- */

/* Whatever stands there, with all in it. 1: it is gone; 0: it is not, which was told; in a dry run it is only told. */
int restore_remove(struct restore *r, struct restore_dir *dir, const char *name, hz_error **err);
/* Removes what stands in the folder of the frame and not in the snapshot, or only what a restore left behind that was
 * interrupted. Nothing where the snapshot may not know all. */
int restore_remove_extra(struct restore *r, const struct restore_frame *f, const struct entry *e, hz_error **err);

/* ---- the journal (restore_journal.c) ---- */

#define RESTORE_JOURNAL ".hozen-restore"
/* Looks for one in the target. HZ_E_REFUSED: it is of another restore, or there should be none. */
int restore_journal_look(struct restore *r, const char *id, hz_error **err);
/* Durable before the first file is made. */
int restore_journal_begin(struct restore *r, hz_error **err);
int restore_journal_end(struct restore *r, hz_error **err);

/* Reads back what verify has collected. */
int restore_verify_run(struct restore *r, hz_error **err);

#endif
