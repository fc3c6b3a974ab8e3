#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh BUILD [WORK]: boots a guest in QEMU (software emulation) with Debian's kernel and what was built in BUILD, makes disks in
# it, and runs tests/guest/init there: firmware methods through the kernel's real SG_IO and NVMe paths, then hozen-erase itself
# (tests/guest/erase), and what records say of the clock (tests/guest/clock). No disk of this machine is touched. WORK (default:
# BUILD/guest) keeps the packages and the log. 0 when the guest said that all went well, 77 where there can be none.
#
# Wants qemu-system-x86, busybox-static, kmod, cpio, zstd, dmsetup, and packages that apt-get downloads and nobody installs: the
# kernel's (or GUEST_KERNEL, a folder in which it lies unpacked), and those of the daemons that set clocks.
set -u
build=$(cd "${1:?}" && pwd) || exit 2
work=${2:-$build/guest}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$work" && cd "$work" || exit 2
for tool in qemu-system-x86_64 busybox modprobe depmod cpio zstd dmsetup; do
  command -v $tool >/dev/null || PATH=$PATH:/sbin:/usr/sbin command -v $tool >/dev/null || { echo "guest: $tool is missing" >&2; exit 77; }
done
PATH=$PATH:/sbin:/usr/sbin

ninja -C "$build" guest hozen-erase hozen-verify >ninja.log 2>&1 || { cat ninja.log >&2; exit 1; }

kernel=${GUEST_KERNEL:-$work/kernel}
if [ ! -d "$kernel/boot" ]; then
  package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends/ { print $2; exit }')
  apt-get download -q "$package" >/dev/null && dpkg -x "$package"_*.deb "$kernel" || { echo "guest: no kernel" >&2; exit 77; }
fi
# For the clock of records; without them that is left out.
daemons=$work/daemons
if [ ! -d "$daemons/usr" ] && apt-get download -q chrony systemd-timesyncd libsystemd-shared libip4tc2 >/dev/null; then
  for package in chrony systemd-timesyncd libsystemd-shared libip4tc2; do dpkg -x $package"_"*.deb "$daemons"; done
fi
libraries=$daemons/usr/lib/x86_64-linux-gnu
version=$(basename "$(ls -d "$kernel"/lib/modules/*)")
[ -f "$kernel/lib/modules/$version/modules.dep" ] || depmod -b "$kernel" "$version"

root=$work/root
rm -rf "$root"
mkdir -p "$root/bin" "$root/sbin" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/run" "$root/etc" "$root/usr/bin" "$root/lib/modules/$version"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in sh mount mkdir ls cat echo sleep sed poweroff ln modprobe kill readlink printf seq dd tail tr grep wc rm sync blockdev cut head date env yes ifconfig adjtimex chown; do ln -s busybox "$root/bin/$applet"; done
for program in "$build/tests/guest_method" "$build/tests/tcmu_disk" "$build/tools/hozen-erase" "$build/tools/hozen-verify" \
  "$(command -v dmsetup)" "$(command -v losetup)" "$daemons/usr/sbin/chronyd" "$daemons/lib/systemd/systemd-timesyncd"; do
  [ -f "$program" ] || continue
  cp "$program" "$root/sbin/"
  LD_LIBRARY_PATH=$libraries:$libraries/systemd ldd "$program" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
    to=$root${library#"$daemons"}
    mkdir -p "$(dirname "$to")"
    cp -nL "$library" "$to"
  done
done
for module in nvme sd_mod sg uio target_core_user tcm_loop scsi_debug dm_mod dm_flakey loop; do
  modprobe -d "$kernel" -S "$version" --show-depends $module | awk '/^insmod/ { print $2 }'
done | sort -u | while read -r file; do
  to=$root/lib/modules/$version/${file#*lib/modules/"$version"/}
  mkdir -p "$(dirname "$to")" && cp "$file" "$to"
done
cp "$kernel/lib/modules/$version"/modules.builtin* "$kernel/lib/modules/$version/modules.order" "$root/lib/modules/$version/"
depmod -b "$root" "$version"
cp "$here/init" "$here/erase" "$here/clock" "$root/"
printf '%s\n' root:x:0:0::/:/bin/sh systemd-timesync:x:2:2::/:/bin/sh >"$root/etc/passwd"
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | zstd -q -3 -f -o "$work/initrd.zst") || exit 1

rm -f nvme.img && truncate -s 32M nvme.img
# KVM is not asked for: where it is there but nested it hangs. The exit status of QEMU says nothing: the last line does.
timeout -k 5 900 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 1536 -smp 2 -nodefaults -display none -monitor none \
  -serial stdio -no-reboot -kernel "$kernel/boot/vmlinuz-$version" -initrd initrd.zst -append "console=ttyS0 quiet panic=-1" \
  -drive file=nvme.img,if=none,id=n,format=raw -device nvme,drive=n,serial=GUESTNVME1 </dev/null >guest.log 2>&1
if ! tr -d '\r' <guest.log | grep -q '^GUEST OK$'; then
  tr -d '\r' <guest.log | tail -60 >&2
  echo "guest: failed, see $work/guest.log" >&2
  exit 1
fi
tr -d '\r' <guest.log | grep '^ok '
