/* SPDX-License-Identifier: BSD-2-Clause */
/* Cleanup by attribute. AUTO(f) T *p = NULL; calls f(p) when p leaves its scope; TAKE(p) moves ownership out of p. */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

#include <stdlib.h>

/* Declares the cleanup for pointers that f frees. f takes NULL. Use once per type, in the header that declares f. */
#define DEFINE_AUTO(type, f)                  \
	static inline void auto_##f(type **p) \
	{                                     \
		f(*p);                        \
		*p = NULL;                    \
	}
#define AUTO(f) __attribute__((cleanup(auto_##f)))

/* For embedded structs, AUTO_IN(f) struct T t = ...; calls f(&t). */
#define AUTO_IN(f) __attribute__((cleanup(f)))

#define TAKE(p)                             \
	__extension__({                     \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})

static inline void auto_free_fn(void *p)
{
	void **pp = p;
	free(*pp);
	*pp = NULL;
}
#define AUTO_FREE __attribute__((cleanup(auto_free_fn)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
