/* SPDX-License-Identifier: BSD-2-Clause */
/* See program.h. The build id is read from the notes of the objects as they are loaded. */
#include "base/program.h"
#include "base/vfs.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include "base/id.h"

#define BUILD_ID_MAX ((size_t)(BUILD_ID_TEXT - 1) / 2)

struct search {
	struct program_part *program, *library;
	unsigned n;
};

static size_t padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Notes of one segment. */
static void read_notes(struct program_part *p, const uint8_t *at, size_t len)
{
	ElfW(Nhdr) h;

	while (len >= sizeof(h)) {
		size_t name, desc;

		memcpy(&h, at, sizeof(h));
		name = padded(h.n_namesz);
		desc = padded(h.n_descsz);
		if (name > len - sizeof(h) || desc > len - sizeof(h) - name)
			return;
		if (h.n_type == NT_GNU_BUILD_ID && h.n_namesz == 4 && memcmp(at + sizeof(h), "GNU", 4) == 0 &&
			h.n_descsz <= BUILD_ID_MAX) {
			hex_encode(p->build_id, at + sizeof(h) + name, h.n_descsz);
			return;
		}
		at += sizeof(h) + name + desc;
		len -= sizeof(h) + name + desc;
	}
}

static bool has(const struct dl_phdr_info *info, uintptr_t address)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_LOAD && address - (info->dlpi_addr + ph->p_vaddr) < ph->p_memsz)
			return true;
	}
	return false;
}

static void take(struct program_part *p, const struct dl_phdr_info *info)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_NOTE && !*p->build_id)
			read_notes(p, (const uint8_t *)(info->dlpi_addr + ph->p_vaddr), ph->p_memsz);
	}
}

/* The first object is the program. */
static int look(struct dl_phdr_info *info, size_t size, void *user)
{
	struct search *s = user;

	(void)size;
	if (s->n++ == 0)
		take(s->program, info);
	if (has(info, (uintptr_t)&program_parts))
		take(s->library, info);
	return 0;
}

void program_parts(struct program_part *program, struct program_part *library)
{
	struct search s = { program, library, 0 };
	ssize_t len;
	Dl_info info;

	*program = *library = (struct program_part){ 0 };
	(void)dl_iterate_phdr(look, &s);
	len = vfs()->readlinkat(AT_FDCWD, "/proc/self/exe", program->path, sizeof(program->path) - 1);
	program->path[len > 0 ? len : 0] = '\0';
	if (dladdr((void *)(uintptr_t)&program_parts, &info) && info.dli_fname && strchr(info.dli_fname, '/'))
		(void)snprintf(library->path, sizeof(library->path), "%s", info.dli_fname);
}

void program_machine_id(char out[33])
{
	AUTO_FD int fd = vfs()->openat(AT_FDCWD, "/etc/machine-id", O_RDONLY, 0);
	uint8_t id[16];

	if (fd < 0 || vfs_pread_all(fd, out, 32, 0) < 0 || !hex_decode(id, sizeof(id), out, 32))
		out[0] = '\0';
	else
		out[32] = '\0';
}
