#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Everything that is checked before a change goes in, on Debian 12: installs what it needs, builds with gcc under the
# address and undefined-behaviour sanitizers and runs all tests, runs those marked so under ThreadSanitizer, compiles
# with clang, erases disks of a guest in QEMU with that, and checks the source. Builds are in build/. Ends with a
# summary; non-zero when anything failed.
cd "$(dirname "$0")/.." || exit 2

build_packages=$(sed -n "s/^packages='\(.*\)'$/\1/p" tools/quickstart.sh)
packages="$build_packages g++ clang clang-format libclang-rt-14-dev python3 libcmocka-dev libfuse3-dev fuse3 attr acl git
openssh-client openssl e2fsprogs xfsprogs btrfs-progs fdisk poppler-utils fontconfig fonts-ipafont-gothic fonts-dejavu-core
qemu-system-x86 busybox-static kmod cpio zstd dmsetup libcap2"
jobs=$(nproc 2>/dev/null || echo 2)
summary=
failed=0

note() { summary="$summary$1
"; }

step() { # name command...
	name=$1
	shift
	printf '\n=== %s\n' "$name"
	start=$(date +%s)
	"$@"
	case $? in
	0) note "ok      $name ($(($(date +%s) - start)) s)" ;;
	77) note "left out: $name: it cannot be done here" ;;
	*)
		note "FAILED  $name"
		failed=1
		return 1
		;;
	esac
}

missing_packages() {
	for p in $packages; do
		dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || echo "$p"
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		env DEBIAN_FRONTEND=noninteractive "$@"
	else
		sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
	fi
}

install_packages() {
	missing=$(missing_packages)
	[ -n "$missing" ] || return 0
	echo "installing:" $missing
	# shellcheck disable=SC2086
	if ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 &&
		as_root apt-get install -y -q --no-install-recommends $missing; then
		return 0
	fi
	# No lists, or lists that name versions which are gone.
	# shellcheck disable=SC2086
	as_root apt-get update -q && as_root apt-get install -y -q --no-install-recommends $missing
}

build() { # preset
	cmake --preset "$1" && cmake --build --preset "$1" -j "$jobs"
}

# Where a process may not be traced, as in some containers, the leak check itself fails: better the other checks than none.
leak_check() {
	probe=build/asan/leak-probe
	echo 'int main(void) { return 0; }' | gcc -fsanitize=address -x c -o "$probe" - || return 1
	"$probe" 2>/dev/null && return 0
	ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"
	note 'note    leaks are not looked for: the leak sanitizer does not run here'
}

# ThreadSanitizer of gcc 12 does not run under every address randomization.
fixed_addresses() {
	if setarch -R true 2>/dev/null; then
		setarch -R "$@"
	else
		"$@"
	fi
}

# What is freed is kept from use for 16 MiB, not 256: a third of the time went into fresh pages.
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1:quarantine_size_mb=16}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
export TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=1}"

# The tests wait for the disk more than for the processor: where memory has room for their files they lie there.
room=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
if [ -z "${TMPDIR:-}" ] && [ "${room:-0}" -gt 6000000 ] && TMPDIR=$(mktemp -d /dev/shm/hozen-tests.XXXXXX); then
	export TMPDIR
	# Some tests are another user's.
	chmod 711 "$TMPDIR"
	trap 'rm -rf "$TMPDIR"' EXIT
fi

step 'install what is needed' install_packages
if step 'build with gcc, address and undefined-behaviour sanitizers' build asan; then
	leak_check
	step 'all tests' ctest --preset asan -LE lint -j "$((jobs + 1))" --no-tests=error
fi
if step 'build with gcc, thread sanitizer' build tsan; then
	step 'tests of threads' fixed_addresses ctest --preset tsan -L tsan -j "$jobs" --no-tests=error
fi
if step 'build with clang' build clang; then
	step 'disks of a guest in QEMU' sh tests/guest/run.sh build/clang
fi
step 'checks of the source' sh tests/lint/run.sh build/asan

printf '\n=== summary\n%s' "$summary"
[ "$failed" = 0 ] && echo 'all is well' || echo 'something FAILED'
exit $failed
